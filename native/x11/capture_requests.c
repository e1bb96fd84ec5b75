/* Requests for pixels: boxes round what was damaged, into one segment that always holds the whole picture. */
#include <string.h>

#include "capture_read.h"

/* Rows between two boxes that cost less to read than one more request. */
#define BOX_GAP 16

/* How much a guess that may be wrong can take. */
#define GUESS_BYTES (1 << 18)

static int64_t bytes_of(fl_rect r)
{
    return (int64_t)r.w * r.h * 4;
}

void fl_x11_grow(fl_rect *r, const fl_rect *other)
{
    const int right = r->x + r->w, bottom = r->y + r->h;
    const int other_right = other->x + other->w, other_bottom = other->y + other->h;

    r->x = other->x < r->x ? other->x : r->x;
    r->y = other->y < r->y ? other->y : r->y;
    r->w = (other_right > right ? other_right : right) - r->x;
    r->h = (other_bottom > bottom ? other_bottom : bottom) - r->y;
}

bool fl_x11_contains(const fl_rect *r, const fl_rect *inner)
{
    return inner->x >= r->x && inner->y >= r->y && inner->x + inner->w <= r->x + r->w &&
           inner->y + inner->h <= r->y + r->h;
}

bool fl_x11_is_small(fl_rect box)
{
    return !fl_x11_is_empty(box) && bytes_of(box) <= GUESS_BYTES;
}

/* Boxes round rectangles whose rows lie close. The server hands rectangles out sorted by their upper edge. */
static int boxes_of(const fl_x11_frame *frame, fl_rect *boxes)
{
    int n = 0;

    for (int i = 0; i < frame->n_rects; i++) {
        const fl_rect *r = &frame->rects[i];
        fl_rect *last = n ? &boxes[n - 1] : NULL;

        if (last && r->y <= last->y + last->h + BOX_GAP && r->y >= last->y)
            fl_x11_grow(last, r);
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

void fl_x11_put_in_place(fl_x11 *x, const fl_x11_request *q)
{
    uint8_t *pixels = fl_x11_memory_pixels(x->picture.memory);
    const ptrdiff_t stride = (ptrdiff_t)x->picture.w * 4, line = (ptrdiff_t)q->box.w * 4;

    for (int i = 0; i < x->frame.n_rects; i++) {
        const fl_rect *r = &x->frame.rects[i];
        const uint8_t *from = pixels + q->offset + (r->y - q->box.y) * line + (ptrdiff_t)(r->x - q->box.x) * 4;
        uint8_t *to = pixels + r->y * stride + (ptrdiff_t)r->x * 4;

        if (!fl_x11_contains(&q->box, r))
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
void fl_x11_ask_boxes(fl_x11 *x)
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

void fl_x11_ask_everything(fl_x11 *x, fl_rect box)
{
    x->trip.requests[0] = (fl_x11_request){.box = box};
    ask_pixels(x, &x->trip.requests[0]);
    x->trip.n = 1;
}

void fl_x11_drop_everything(fl_x11 *x)
{
    if (x->trip.n)
        xcb_discard_reply(x->c, x->trip.requests[0].cookie.sequence);
    x->trip.n = 0;
}

void fl_x11_guess_pixels(fl_x11 *x, fl_rect box)
{
    fl_x11_subtract_damage(x);
    fl_x11_add_rect(x, box);
    x->trip.requests[0] = (fl_x11_request){.box = box, .aside = true, .offset = aside_offset(x)};
    ask_pixels(x, &x->trip.requests[0]);
    x->trip.stage = FL_PIXELS;
    x->trip.guessed = true;
    x->trip.n = 1;
}

bool fl_x11_guessed_right(fl_x11 *x)
{
    const fl_rect said = fl_x11_in_area(x, x->trip.said);

    x->trip.guessed = false;
    if (fl_x11_is_empty(said) || fl_x11_contains(&x->trip.requests[0].box, &said))
        return true;
    x->trip.heard = 0;
    if (fl_x11_is_small(said)) {
        x->frame.rects[0] = said;
        fl_x11_ask_boxes(x);
        return false;
    }
    x->trip.n = 0;
    fl_x11_fetch_damage(x);
    xcb_flush(x->c);
    return false;
}
