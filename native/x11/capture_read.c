/* Reading what was damaged, a step for each answer: boxes round it, into one segment that always holds the whole picture;
 * or exactly the damage, out of a mapped framebuffer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcbext.h>

#include "capture.h"

/* Rows between two boxes that cost less to read than one more request. */
#define BOX_GAP 16

/* How much a guess that may be wrong can take: the server copies it in less than a round trip takes. */
#define GUESS_BYTES (1 << 18)

/* ---- damage ------------------------------------------------------------------------------------------------------- */

static bool is_empty(fl_rect r)
{
    return r.w <= 0 || r.h <= 0;
}

static void add_rect(fl_x11 *x, fl_rect of_area)
{
    if (!is_empty(of_area))
        x->frame.rects[x->frame.n_rects++] = of_area;
}

/* Turn a rectangle of the screen into one of the trip's area. */
static fl_rect in_area(const fl_x11 *x, fl_rect of_screen)
{
    fl_rect r = fl_x11_clip(of_screen, x->trip.area);

    return (fl_rect){r.x - x->trip.area.x, r.y - x->trip.area.y, r.w, r.h};
}

static void add_damage(fl_x11 *x, const xcb_rectangle_t *r)
{
    add_rect(x, in_area(x, (fl_rect){r->x, r->y, r->width, r->height}));
}

/* Let the server forget the damage and put it aside. */
static void subtract_damage(fl_x11 *x)
{
    x->todo.subtracted = xcb_damage_subtract(x->c, x->damage, XCB_NONE, x->region).sequence;
}

/* Ask for the damage that was put aside. */
static void fetch_damage(fl_x11 *x)
{
    x->trip.damage = xcb_xfixes_fetch_region(x->c, x->region);
    x->trip.stage = FL_DAMAGE;
}

/* Let the server forget the damage, and ask for it. Before the pixels are read, so what is drawn during the read is
 * damage again. */
static void ask_damage(fl_x11 *x)
{
    subtract_damage(x);
    fetch_damage(x);
}

/* Move the damage into the frame's rectangles. One place is left for what was read too early. */
static void take_damage(fl_x11 *x, xcb_xfixes_fetch_region_reply_t *reply)
{
    const xcb_rectangle_t *rects = xcb_xfixes_fetch_region_rectangles(reply);
    const int n = xcb_xfixes_fetch_region_rectangles_length(reply);

    if (n >= FL_X11_RECTS)
        add_damage(x, &reply->extents);
    for (int i = 0; n < FL_X11_RECTS && i < n; i++)
        add_damage(x, &rects[i]);
}

static void begin_frame(fl_x11 *x)
{
    fl_x11_frame *frame = &x->frame;

    frame->memory = x->kept.memory ? x->kept.memory : x->picture.memory;
    frame->pixels = fl_x11_memory_pixels(frame->memory);
    frame->changed = x->kept.changed;
    frame->w = x->trip.area.w;
    frame->h = x->trip.area.h;
    frame->stride = x->trip.area.w * 4;
    frame->n_rects = 0;
    frame->damaged_at_ns = x->todo.damaged_at_ns;
}

static void count_read(fl_x11 *x)
{
    x->todo.read_due_ns = fl_x11_next_due(x->todo.read_due_ns, x->trip.sent_at_ns, x->interval_ns);
}

static void end_frame(fl_x11 *x)
{
    x->trip.framed = true;
    x->frame.captured_at_ns = fl_x11_now();
    count_read(x);
}

/* ---- boxes and requests ------------------------------------------------------------------------------------------ */

static int64_t bytes_of(fl_rect r)
{
    return (int64_t)r.w * r.h * 4;
}

static void grow(fl_rect *r, const fl_rect *other)
{
    const int right = r->x + r->w, bottom = r->y + r->h;
    const int other_right = other->x + other->w, other_bottom = other->y + other->h;

    r->x = other->x < r->x ? other->x : r->x;
    r->y = other->y < r->y ? other->y : r->y;
    r->w = (other_right > right ? other_right : right) - r->x;
    r->h = (other_bottom > bottom ? other_bottom : bottom) - r->y;
}

static bool contains(const fl_rect *r, const fl_rect *inner)
{
    return inner->x >= r->x && inner->y >= r->y && inner->x + inner->w <= r->x + r->w &&
           inner->y + inner->h <= r->y + r->h;
}

/* Boxes round rectangles whose rows lie close. The server hands rectangles out sorted by their upper edge. */
static int boxes_of(const fl_x11_frame *frame, fl_rect *boxes)
{
    int n = 0;

    for (int i = 0; i < frame->n_rects; i++) {
        const fl_rect *r = &frame->rects[i];
        fl_rect *last = n ? &boxes[n - 1] : NULL;

        if (last && r->y <= last->y + last->h + BOX_GAP && r->y >= last->y)
            grow(last, r);
        else
            boxes[n++] = *r;
    }
    return n;
}

static void ask_pixels(fl_x11 *x, fl_x11_request *q)
{
    q->cookie = xcb_shm_get_image(x->c, x->root, (int16_t)(x->trip.area.x + q->box.x),
                                  (int16_t)(x->trip.area.y + q->box.y), (uint16_t)q->box.w, (uint16_t)q->box.h, ~0u,
                                  XCB_IMAGE_FORMAT_Z_PIXMAP, x->picture.segment, q->offset);
}

/* Copy the frame's rectangles in the box from aside to their place. */
static void put_in_place(fl_x11 *x, const fl_x11_request *q)
{
    uint8_t *pixels = fl_x11_memory_pixels(x->picture.memory);
    const ptrdiff_t stride = (ptrdiff_t)x->picture.w * 4, line = (ptrdiff_t)q->box.w * 4;

    for (int i = 0; i < x->frame.n_rects; i++) {
        const fl_rect *r = &x->frame.rects[i];
        const uint8_t *from = pixels + q->offset + (r->y - q->box.y) * line + (ptrdiff_t)(r->x - q->box.x) * 4;
        uint8_t *to = pixels + r->y * stride + (ptrdiff_t)r->x * 4;

        if (!contains(&q->box, r))
            continue;
        for (int y = 0; y < r->h; y++)
            memcpy(to + y * stride, from + y * line, (size_t)r->w * 4);
    }
}

static uint32_t aside_offset(const fl_x11 *x)
{
    return (uint32_t)x->picture.w * (uint32_t)x->picture.h * 4;
}

/* Make a request of a box; `used` counts the bytes that are taken aside. */
static fl_x11_request request_of(const fl_x11 *x, fl_rect box, int64_t *used)
{
    fl_x11_request q = {.box = box};

    q.aside = box.w <= x->picture.w / 2 && *used + bytes_of(box) <= FL_ASIDE_BYTES;
    if (q.aside) {
        q.offset = aside_offset(x) + (uint32_t)*used;
        *used += bytes_of(box);
        return q;
    }
    q.box.x = 0;
    q.box.w = x->picture.w;
    q.offset = (uint32_t)box.y * (uint32_t)x->picture.w * 4;
    return q;
}

/* All requests go out before the first answer is waited for. */
static void ask_boxes(fl_x11 *x)
{
    fl_rect boxes[FL_X11_RECTS];
    int64_t used = 0;

    x->trip.n = boxes_of(&x->frame, boxes);
    for (int i = 0; i < x->trip.n; i++) {
        x->trip.requests[i] = request_of(x, boxes[i], &used);
        ask_pixels(x, &x->trip.requests[i]);
    }
    xcb_flush(x->c);
}

static bool is_all(const fl_x11 *x, fl_rect box)
{
    return box.w == x->trip.area.w && box.h == x->trip.area.h;
}

/* Ask for all pixels together with the damage: one round trip instead of two. No damage leaves the whole picture. */
static void ask_everything(fl_x11 *x, fl_rect box)
{
    x->trip.requests[0] = (fl_x11_request){.box = box};
    ask_pixels(x, &x->trip.requests[0]);
    x->trip.n = 1;
}

static void drop_everything(fl_x11 *x)
{
    if (x->trip.n)
        xcb_discard_reply(x->c, x->trip.requests[0].cookie.sequence);
    x->trip.n = 0;
}

/* Ask for the pixels of the box that damage events spoke of: the damage need not be fetched. */
static void guess_pixels(fl_x11 *x, fl_rect box)
{
    subtract_damage(x);
    add_rect(x, box);
    x->trip.requests[0] = (fl_x11_request){.box = box, .aside = true, .offset = aside_offset(x)};
    ask_pixels(x, &x->trip.requests[0]);
    x->trip.stage = FL_PIXELS;
    x->trip.guessed = true;
    x->trip.n = 1;
}

static bool is_small(fl_rect box)
{
    return !is_empty(box) && bytes_of(box) <= GUESS_BYTES;
}

/* Whether all that was damaged lies in the box that was asked for. If not, ask for all of it: for the box round it, or,
 * since little that lies far apart has a large one, for the damage itself. */
static bool was_right(fl_x11 *x)
{
    const fl_rect said = in_area(x, x->trip.said);

    x->trip.guessed = false;
    if (is_empty(said) || contains(&x->trip.requests[0].box, &said))
        return true;
    x->trip.heard = 0;
    if (is_small(said)) {
        x->frame.rects[0] = said;
        ask_boxes(x);
        return false;
    }
    x->trip.n = 0;
    fetch_damage(x);
    xcb_flush(x->c);
    return false;
}

/* ---- the mapped framebuffer ----------------------------------------------------------------------------------------- */

static const uint8_t *mapped_area(const fl_x11 *x)
{
    return x->mapped.pixels + x->trip.area.y * x->mapped.stride + (ptrdiff_t)x->trip.area.x * 4;
}

static void read_mapped(fl_x11 *x)
{
    if (fl_x11_keep_changed(x, mapped_area(x), x->mapped.stride))
        end_frame(x);
}

static fl_rect bounds_of(const fl_x11_frame *frame)
{
    fl_rect bounds = frame->rects[0];

    for (int i = 1; i < frame->n_rects; i++)
        grow(&bounds, &frame->rects[i]);
    return bounds;
}

/* What was read before the damage was subtracted is right, unless something was drawn in between. */
static void look_again(fl_x11 *x)
{
    if (!x->frame.n_rects || !fl_x11_kept_differs(x, mapped_area(x), x->mapped.stride))
        return;
    x->todo.again = bounds_of(&x->frame);
    if (!x->todo.damage)
        x->todo.damaged_at_ns = x->trip.sent_at_ns;
    x->todo.damage = true;
}

/* ---- the trip ------------------------------------------------------------------------------------------------------- */

static void depart(fl_x11 *x)
{
    x->trip = (fl_x11_trip){.area = x->area, .sent_at_ns = fl_x11_now()};
}

static void ask_pointer(fl_x11 *x)
{
    x->todo.pointer_due_ns = fl_x11_next_due(x->todo.pointer_due_ns, x->trip.sent_at_ns, x->interval_ns);
    x->trip.question = fl_x11_ask_pointer(x);
}

void fl_x11_set_out_for_pointer(fl_x11 *x)
{
    depart(x);
    ask_pointer(x);
    x->trip.stage = FL_PLACE;
    xcb_flush(x->c);
}

/* Ask for the damage. The pointer's answers come along, so a screen that never rests does not hide it. */
static void ask_all(fl_x11 *x)
{
    ask_pointer(x);
    ask_damage(x);
}

/* Ask for the pixels of a small box. Where the pointer stands is not worth that somebody waits for it: that is asked
 * afterwards, or with the next box, which may come so soon that there is no afterwards. */
static void ask_box(fl_x11 *x, fl_rect box)
{
    if (x->todo.pointer || x->todo.cursor)
        ask_pointer(x);
    else
        x->todo.pointer = true;
    guess_pixels(x, box);
}

/* Read a small box of a mapped framebuffer. If that makes a frame, the server is told when the consumer comes back. */
static int read_early(fl_x11 *x, fl_rect box)
{
    x->trip.early = true;
    x->trip.stage = FL_UNASKED;
    x->todo.again = (fl_rect){0};
    add_rect(x, box);
    read_mapped(x);
    return x->trip.framed ? 1 : fl_x11_go_on(x);
}

int fl_x11_set_out_to_read(fl_x11 *x)
{
    fl_rect box;

    depart(x);
    box = in_area(x, x->todo.box);
    if (!is_empty(x->todo.again) && !is_empty(box))
        grow(&box, &x->todo.again);
    else if (is_empty(box))
        box = x->todo.again;
    x->trip.everything = x->todo.everything;
    begin_frame(x);
    x->todo.damage = x->todo.everything = false;
    x->todo.box = (fl_rect){0};
    if (x->mapped.pixels && !x->trip.everything && is_small(box))
        return read_early(x, box);
    if (!x->trip.everything && is_small(box))
        ask_box(x, box);
    else
        ask_all(x);
    if (!x->trip.n && !x->mapped.pixels && !x->trip.everything && is_all(x, box))
        ask_everything(x, box);
    xcb_flush(x->c);
    return 0;
}

/* What is left are the pointer's answers, where it was asked for. */
static void end_pixels(fl_x11_trip *trip)
{
    trip->stage = trip->question.place.sequence ? FL_PLACE : FL_HOME;
}

static void hear_damage(fl_x11 *x, xcb_xfixes_fetch_region_reply_t *reply)
{
    fl_x11_trip *trip = &x->trip;

    end_pixels(trip);
    trip->failed = !reply;
    x->frame.n_rects = 0;
    if (reply)
        take_damage(x, reply);
    free(reply);
    if (trip->early) {
        look_again(x);
        return;
    }
    add_rect(x, x->todo.again);
    x->todo.again = (fl_rect){0};
    if (trip->everything) {
        x->frame.rects[0] = (fl_rect){0, 0, x->frame.w, x->frame.h};
        x->frame.n_rects = 1;
    }
    if (trip->failed || !x->frame.n_rects) {
        drop_everything(x);
        return;
    }
    if (x->mapped.pixels) {
        read_mapped(x);
        return;
    }
    if (!trip->n)
        ask_boxes(x);
    trip->stage = FL_PIXELS;
}

static void hear_pixels(fl_x11 *x, xcb_shm_get_image_reply_t *reply)
{
    fl_x11_trip *trip = &x->trip;
    const fl_x11_request *q = &trip->requests[trip->heard++];

    if (!reply)
        trip->failed = true;
    else if (q->aside)
        put_in_place(x, q);
    free(reply);
    if (trip->heard < trip->n)
        return;
    if (trip->guessed && !trip->failed) {
        /* Whatever the server sent before this answer is here. */
        fl_x11_take_queued_events(x);
        if (!was_right(x))
            return;
    }
    end_pixels(trip);
    if (!trip->failed &&
        (!x->kept.memory || fl_x11_keep_changed(x, fl_x11_memory_pixels(x->picture.memory), x->frame.stride)))
        end_frame(x);
}

/* A read fails when the screen shrank under it, or its monitor is switched off: look again, then read it all. A frame of
 * an area that is another by now is not handed out either. */
static int come_home(fl_x11 *x)
{
    fl_x11_trip *trip = &x->trip;

    trip->stage = FL_HOME;
    if (trip->failed) {
        x->todo.damage = x->todo.everything = x->todo.geometry = true;
        /* It counts as a read, or a screen that cannot be read would be asked without pause. */
        count_read(x);
    }
    return trip->framed && !trip->early && !x->todo.misfit;
}

static uint32_t sequence_of(const fl_x11_trip *trip)
{
    switch (trip->stage) {
    case FL_DAMAGE:
        return trip->damage.sequence;
    case FL_PIXELS:
        return trip->requests[trip->heard].cookie.sequence;
    case FL_PLACE:
        return trip->question.place.sequence;
    default:
        return trip->question.image.sequence;
    }
}

static void hear(fl_x11 *x, void *reply)
{
    fl_x11_trip *trip = &x->trip;

    switch (trip->stage) {
    case FL_DAMAGE:
        hear_damage(x, reply);
        break;
    case FL_PIXELS:
        hear_pixels(x, reply);
        break;
    case FL_PLACE:
        fl_x11_hear_place(x, reply);
        trip->stage = trip->question.shape ? FL_SHAPE : FL_HOME;
        break;
    default:
        fl_x11_hear_shape(x, reply);
        trip->stage = FL_HOME;
    }
}

int fl_x11_go_on(fl_x11 *x)
{
    void *reply;

    if (x->trip.stage == FL_UNASKED) {
        ask_all(x);
        xcb_flush(x->c);
    }
    while (x->trip.stage != FL_HOME) {
        if (!fl_x11_answered(x, sequence_of(&x->trip), &reply))
            return -EAGAIN;
        hear(x, reply);
    }
    return come_home(x);
}

bool fl_x11_answered(fl_x11 *x, uint32_t sequence, void **reply)
{
    xcb_generic_error_t *error = NULL;
    const int there = xcb_poll_for_reply(x->c, sequence, reply, &error);

    free(error);
    return there;
}
