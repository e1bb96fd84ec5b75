/* Reading what was damaged: bands as wide as the area, in place, into one segment that always holds the whole picture; or
 * exactly the damage, out of a mapped framebuffer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "monitors.h"

/* Rows between two bands that cost less to read than one more request. */
#define BAND_GAP 16

#define MAX_SIDE 16384
#define MAX_PIXELS (8192 * 8192)

typedef struct band {
    int y, h;
} band;

int fl_x11_picture_attach(xcb_connection_t *c, fl_x11_picture *picture, int w, int h)
{
    fl_x11_picture fresh = {.w = w, .h = h};
    xcb_generic_error_t *error;
    int fd, code;

    code = fl_x11_memory_new((size_t)w * (size_t)h * 4, &fresh.memory, &fd);
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

/* Move the damage into the frame's rectangles. The server forgets it before the pixels are read, so what is drawn
 * during the read is damage again. */
static int take_damage(fl_x11 *x)
{
    xcb_xfixes_fetch_region_reply_t *reply;
    const xcb_rectangle_t *rects;
    int n;

    xcb_damage_subtract(x->c, x->damage, XCB_NONE, x->region);
    reply = xcb_xfixes_fetch_region_reply(x->c, xcb_xfixes_fetch_region(x->c, x->region), NULL);
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

/* The rows that the rectangles touch, close ones merged. The server hands rectangles out sorted by their upper edge. */
static int bands_of(const fl_x11_frame *frame, band *bands)
{
    int n = 0;

    for (int i = 0; i < frame->n_rects; i++) {
        const fl_rect *r = &frame->rects[i];
        band *last = n ? &bands[n - 1] : NULL;

        if (last && r->y <= last->y + last->h + BAND_GAP && r->y >= last->y) {
            if (r->y + r->h > last->y + last->h)
                last->h = r->y + r->h - last->y;
        } else {
            bands[n++] = (band){r->y, r->h};
        }
    }
    return n;
}

/* All requests go out before the first answer is waited for. */
static int read_bands(fl_x11 *x, const band *bands, int n)
{
    xcb_shm_get_image_cookie_t cookies[FL_X11_RECTS];
    int failed = 0;

    for (int i = 0; i < n; i++)
        cookies[i] = xcb_shm_get_image(x->c, x->root, (int16_t)x->area.x, (int16_t)(x->area.y + bands[i].y),
                                       (uint16_t)x->picture.w, (uint16_t)bands[i].h, ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP,
                                       x->picture.segment, (uint32_t)bands[i].y * (uint32_t)x->picture.w * 4);
    for (int i = 0; i < n; i++) {
        xcb_shm_get_image_reply_t *reply = xcb_shm_get_image_reply(x->c, cookies[i], NULL);

        failed |= !reply;
        free(reply);
    }
    return failed ? -EIO : 0;
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

/* Bring the frame's rectangles into its picture. 1: they are there; 0: no pixel in them changed; -EIO. */
static int read_pixels(fl_x11 *x)
{
    const fl_x11_mapped *mapped = &x->mapped;
    band bands[FL_X11_RECTS];

    if (mapped->pixels)
        return fl_x11_keep_changed(x, mapped->pixels + x->area.y * mapped->stride + (ptrdiff_t)x->area.x * 4,
                                   mapped->stride) > 0;
    if (read_bands(x, bands, bands_of(&x->frame, bands)) < 0)
        return -EIO;
    if (x->kept.memory)
        return fl_x11_keep_changed(x, fl_x11_memory_pixels(x->picture.memory), x->frame.stride) > 0;
    return 1;
}

static int read_damaged(fl_x11 *x, bool everything)
{
    int code;

    begin_frame(x);
    if (take_damage(x) < 0)
        return postpone(x);
    if (everything) {
        x->frame.rects[0] = (fl_rect){0, 0, x->frame.w, x->frame.h};
        x->frame.n_rects = 1;
    }
    if (x->frame.n_rects == 0)
        return 0;
    code = read_pixels(x);
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
