/* Reading what was damaged: boxes round it, into one segment that always holds the whole picture; or exactly the damage,
 * out of a mapped framebuffer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "monitors.h"

/* Rows between two boxes that cost less to read than one more request. */
#define BOX_GAP 16

/* Memory behind the picture, for images that are narrower; and how much of it a guess may take, which costs the server
 * less to copy than a round trip takes. */
#define ASIDE_BYTES (1 << 20)
#define GUESS_BYTES (1 << 18)

#define MAX_SIDE 16384
#define MAX_PIXELS (8192 * 8192)

int fl_x11_picture_attach(xcb_connection_t *c, fl_x11_picture *picture, int w, int h)
{
    fl_x11_picture fresh = {.w = w, .h = h};
    xcb_generic_error_t *error;
    int fd, code;

    code = fl_x11_memory_new((size_t)w * (size_t)h * 4 + ASIDE_BYTES, &fresh.memory, &fd);
    if (code)
        return code;
    fresh.segment = xcb_generate_id(c);
    /* xcb closes the descriptor. */
    error = xcb_request_check(c, xcb_shm_attach_fd_checked(c, fresh.segment, fd, 0));
    if (error || xcb_connection_has_error(c)) {
        free(error);
        fl_x11_memory_release(fresh.memory);
        return xcb_connection_has_error(c) ? -EPIPE : -EACCES;
    }
    fl_x11_picture_detach(c, picture);
    *picture = fresh;
    return 0;
}

void fl_x11_picture_detach(xcb_connection_t *c, fl_x11_picture *picture)
{
    if (!picture->memory)
        return;
    xcb_shm_detach(c, picture->segment);
    fl_x11_memory_release(picture->memory);
    *picture = (fl_x11_picture){0};
}

/* The part of `r` that lies in `bounds`; without width or height where there is none. */
static fl_rect clip(fl_rect r, fl_rect bounds)
{
    int left = r.x > bounds.x ? r.x : bounds.x, top = r.y > bounds.y ? r.y : bounds.y;
    int right = r.x + r.w < bounds.x + bounds.w ? r.x + r.w : bounds.x + bounds.w;
    int bottom = r.y + r.h < bounds.y + bounds.h ? r.y + r.h : bounds.y + bounds.h;

    return (fl_rect){left, top, right > left ? right - left : 0, bottom > top ? bottom - top : 0};
}

/* Where the area is now: 1, 0 when the server does not say, or -ENODEV. */
static int ask_area(fl_x11 *x, fl_rect *area)
{
    xcb_get_geometry_reply_t *geometry = xcb_get_geometry_reply(x->c, xcb_get_geometry(x->c, x->root), NULL);
    fl_rect screen;
    int code;

    if (!geometry)
        return 0;
    screen = (fl_rect){0, 0, geometry->width, geometry->height};
    free(geometry);
    *area = screen;
    if (!x->monitor)
        return 1;
    code = fl_x11_find_monitor(x->c, x->root, x->monitor, area);
    if (code)
        return code == -ENODEV ? code : 0;
    *area = clip(*area, screen);
    return area->w && area->h ? 1 : -ENODEV;
}

int fl_x11_measure(fl_x11 *x)
{
    fl_rect area;
    int code = ask_area(x, &area);

    x->todo.geometry = false;
    if (code <= 0)
        return code;
    if (memcmp(&area, &x->area, sizeof area) == 0)
        return 0;
    if (!x->todo.damage)
        x->todo.damaged_at_ns = fl_x11_now();
    x->todo.damage = x->todo.everything = true;
    x->area = area;
    pthread_mutex_lock(&x->lock);
    x->w = area.w;
    x->h = area.h;
    pthread_mutex_unlock(&x->lock);
    return 0;
}

/* Once the framebuffer is let go, the pointer in it is the server's to paint again. */
static void let_go_of_framebuffer(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->is_mapped = false;
    snprintf(x->unmapped, sizeof x->unmapped, "the screen is larger than its framebuffer of %d x %d", x->mapped.w,
             x->mapped.h);
    pthread_mutex_unlock(&x->lock);
    fl_x11_unmap(&x->mapped);
    xcb_xfixes_show_cursor(x->c, x->root);
}

int fl_x11_fit(fl_x11 *x)
{
    const fl_rect *area = &x->area;
    int code = 0;

    if (area->w < 1 || area->h < 1 || area->w > MAX_SIDE || area->h > MAX_SIDE ||
        (int64_t)area->w * area->h > MAX_PIXELS)
        return -EFBIG;
    if (x->mapped.pixels && (area->x + area->w > x->mapped.w || area->y + area->h > x->mapped.h))
        let_go_of_framebuffer(x);
    if (!x->mapped.pixels && (x->picture.w != area->w || x->picture.h != area->h))
        code = fl_x11_picture_attach(x->c, &x->picture, area->w, area->h);
    if (!code && (x->compare || x->mapped.pixels || x->kept.memory))
        code = fl_x11_kept_fit(&x->kept, area->w, area->h);
    return code;
}

static void add_rect(fl_x11 *x, const xcb_rectangle_t *r)
{
    fl_rect rect = clip((fl_rect){r->x, r->y, r->width, r->height}, x->area);

    if (!rect.w || !rect.h)
        return;
    rect.x -= x->area.x;
    rect.y -= x->area.y;
    x->frame.rects[x->frame.n_rects++] = rect;
}

/* Let the server forget the damage and put it aside. Before the pixels are read, so what is drawn during the read is
 * damage again. */
static xcb_xfixes_fetch_region_cookie_t ask_damage(fl_x11 *x)
{
    x->todo.subtracted = xcb_damage_subtract(x->c, x->damage, XCB_NONE, x->region).sequence;
    return xcb_xfixes_fetch_region(x->c, x->region);
}

/* Move the damage into the frame's rectangles. */
static int take_damage(fl_x11 *x, xcb_xfixes_fetch_region_cookie_t cookie)
{
    xcb_xfixes_fetch_region_reply_t *reply = xcb_xfixes_fetch_region_reply(x->c, cookie, NULL);
    const xcb_rectangle_t *rects;
    int n;

    if (!reply)
        return -EIO;
    rects = xcb_xfixes_fetch_region_rectangles(reply);
    n = xcb_xfixes_fetch_region_rectangles_length(reply);
    if (n > FL_X11_RECTS)
        add_rect(x, &reply->extents);
    for (int i = 0; n <= FL_X11_RECTS && i < n; i++)
        add_rect(x, &rects[i]);
    free(reply);
    return 0;
}

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

/* One request for pixels. An image has rows as long as it is wide, so one as wide as the picture is read in place, and a
 * narrow one aside: the bytes that are moved follow what was damaged, not how wide the screen is. */
typedef struct request {
    fl_rect box;
    bool aside;
    uint32_t offset; /* in the segment */
    xcb_shm_get_image_cookie_t cookie;
} request;

static void ask_pixels(fl_x11 *x, request *q)
{
    q->cookie = xcb_shm_get_image(x->c, x->root, (int16_t)(x->area.x + q->box.x), (int16_t)(x->area.y + q->box.y),
                                  (uint16_t)q->box.w, (uint16_t)q->box.h, ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP,
                                  x->picture.segment, q->offset);
}

/* Copy the frame's rectangles in the box from aside to their place. */
static void put_in_place(fl_x11 *x, const request *q)
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

static int hear_pixels(fl_x11 *x, const request *q)
{
    xcb_shm_get_image_reply_t *reply = xcb_shm_get_image_reply(x->c, q->cookie, NULL);

    if (!reply)
        return -EIO;
    free(reply);
    if (q->aside)
        put_in_place(x, q);
    return 0;
}

static uint32_t aside_offset(const fl_x11 *x)
{
    return (uint32_t)x->picture.w * (uint32_t)x->picture.h * 4;
}

/* Make a request of a box; `used` counts the bytes that are taken aside. */
static request request_of(const fl_x11 *x, fl_rect box, int64_t *used)
{
    request q = {.box = box};

    q.aside = box.w <= x->picture.w / 2 && *used + bytes_of(box) <= ASIDE_BYTES;
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
static int read_boxes(fl_x11 *x)
{
    fl_rect boxes[FL_X11_RECTS];
    request requests[FL_X11_RECTS];
    int64_t used = 0;
    int failed = 0, n = boxes_of(&x->frame, boxes);

    for (int i = 0; i < n; i++) {
        requests[i] = request_of(x, boxes[i], &used);
        ask_pixels(x, &requests[i]);
    }
    for (int i = 0; i < n; i++)
        failed |= hear_pixels(x, &requests[i]);
    return failed;
}

/* Ask for the pixels of the box that damage events spoke of, if it is small, together with the damage itself: one round
 * trip instead of two. False: there is nothing to guess. */
static bool guess_pixels(fl_x11 *x, request *guess)
{
    fl_rect box = clip(x->todo.box, x->area);

    if (x->mapped.pixels || !box.w || !box.h || bytes_of(box) > GUESS_BYTES)
        return false;
    box.x -= x->area.x;
    box.y -= x->area.y;
    *guess = (request){.box = box, .aside = true, .offset = aside_offset(x)};
    ask_pixels(x, guess);
    return true;
}

static bool was_right(const fl_x11 *x, const request *guess)
{
    for (int i = 0; i < x->frame.n_rects; i++)
        if (!contains(&guess->box, &x->frame.rects[i]))
            return false;
    return true;
}

static void begin_frame(fl_x11 *x)
{
    fl_x11_frame *frame = &x->frame;

    frame->memory = x->kept.memory ? x->kept.memory : x->picture.memory;
    frame->pixels = fl_x11_memory_pixels(frame->memory);
    frame->changed = x->kept.changed;
    frame->w = x->area.w;
    frame->h = x->area.h;
    frame->stride = x->area.w * 4;
    frame->n_rects = 0;
    frame->damaged_at_ns = x->todo.damaged_at_ns;
}

/* A read fails when the screen shrank under it, or its monitor is switched off: look again, then read it all. */
static int postpone(fl_x11 *x)
{
    if (xcb_connection_has_error(x->c))
        return -EPIPE;
    x->todo.damage = x->todo.everything = x->todo.geometry = true;
    return 0;
}

/* Bring the frame's rectangles into its picture, where `guess` has not. 1: they are there; 0: no pixel in them changed;
 * -EIO. */
static int read_pixels(fl_x11 *x, const request *guess)
{
    const fl_x11_mapped *mapped = &x->mapped;

    if (mapped->pixels)
        return fl_x11_keep_changed(x, mapped->pixels + x->area.y * mapped->stride + (ptrdiff_t)x->area.x * 4,
                                   mapped->stride) > 0;
    if ((guess ? hear_pixels(x, guess) : read_boxes(x)) < 0)
        return -EIO;
    if (x->kept.memory)
        return fl_x11_keep_changed(x, fl_x11_memory_pixels(x->picture.memory), x->frame.stride) > 0;
    return 1;
}

static void take_everything(fl_x11_frame *frame)
{
    frame->rects[0] = (fl_rect){0, 0, frame->w, frame->h};
    frame->n_rects = 1;
}

static int read_damaged(fl_x11 *x, bool everything)
{
    xcb_xfixes_fetch_region_cookie_t damage = ask_damage(x);
    request guess;
    bool guessed = !everything && guess_pixels(x, &guess);
    int code;

    x->todo.box = (fl_rect){0};
    begin_frame(x);
    code = take_damage(x, damage);
    if (everything)
        take_everything(&x->frame);
    if (guessed && (code || !x->frame.n_rects || !was_right(x, &guess))) {
        xcb_discard_reply(x->c, guess.cookie.sequence);
        guessed = false;
    }
    if (!code && !x->frame.n_rects)
        return 0;
    if (!code)
        code = read_pixels(x, guessed ? &guess : NULL);
    if (code < 0)
        return postpone(x);
    x->frame.captured_at_ns = fl_x11_now();
    return code;
}

int fl_x11_read(fl_x11 *x)
{
    bool everything = x->todo.everything;
    fl_x11_question question;
    int code, news;

    code = fl_x11_fit(x);
    if (code)
        return code;
    x->todo.damage = x->todo.everything = false;
    /* The pointer's answers come along with the pixels, so a screen that never rests does not hide it. */
    question = fl_x11_ask_pointer(x);
    code = read_damaged(x, everything);
    news = fl_x11_hear_pointer(x, question);
    if (news)
        fl_x11_tell(x, news, 0);
    return code;
}
