/* Reading what was damaged: full-width bands, in place, into one segment that always holds the whole picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"

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

    if (w < 1 || h < 1 || w > MAX_SIDE || h > MAX_SIDE || (int64_t)w * h > MAX_PIXELS)
        return -EFBIG;
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

void fl_x11_measure(fl_x11 *x)
{
    xcb_get_geometry_reply_t *geometry = xcb_get_geometry_reply(x->c, xcb_get_geometry(x->c, x->root), NULL);

    x->todo.geometry = false;
    if (!geometry)
        return;
    if (geometry->width != x->w || geometry->height != x->h) {
        if (!x->todo.damage)
            x->todo.damaged_at_ns = fl_x11_now();
        x->todo.damage = x->todo.everything = true;
    }
    pthread_mutex_lock(&x->lock);
    x->w = geometry->width;
    x->h = geometry->height;
    pthread_mutex_unlock(&x->lock);
    free(geometry);
}

static void add_rect(fl_x11_frame *frame, const xcb_rectangle_t *r)
{
    int left = r->x > 0 ? r->x : 0, top = r->y > 0 ? r->y : 0;
    int right = r->x + r->width < frame->w ? r->x + r->width : frame->w;
    int bottom = r->y + r->height < frame->h ? r->y + r->height : frame->h;

    if (right <= left || bottom <= top)
        return;
    frame->rects[frame->n_rects++] = (fl_rect){left, top, right - left, bottom - top};
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
        add_rect(&x->frame, &reply->extents);
    for (int i = 0; n <= FL_X11_RECTS && i < n; i++)
        add_rect(&x->frame, &rects[i]);
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
        cookies[i] = xcb_shm_get_image(x->c, x->root, 0, (int16_t)bands[i].y, (uint16_t)x->picture.w,
                                       (uint16_t)bands[i].h, ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP, x->picture.segment,
                                       (uint32_t)bands[i].y * (uint32_t)x->frame.stride);
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

    frame->memory = x->picture.memory;
    frame->pixels = fl_x11_memory_pixels(x->picture.memory);
    frame->w = x->picture.w;
    frame->h = x->picture.h;
    frame->stride = x->picture.w * 4;
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

static int read_damaged(fl_x11 *x, bool everything)
{
    band bands[FL_X11_RECTS];

    begin_frame(x);
    if (take_damage(x) < 0)
        return postpone(x);
    if (everything) {
        x->frame.rects[0] = (fl_rect){0, 0, x->frame.w, x->frame.h};
        x->frame.n_rects = 1;
    }
    if (x->frame.n_rects == 0)
        return 0;
    if (read_bands(x, bands, bands_of(&x->frame, bands)) < 0)
        return postpone(x);
    x->frame.captured_at_ns = fl_x11_now();
    return 1;
}

int fl_x11_read(fl_x11 *x)
{
    bool everything = x->todo.everything;
    fl_x11_question question;
    int code, news;

    if (x->picture.w != x->w || x->picture.h != x->h) {
        code = fl_x11_picture_attach(x->c, &x->picture, x->w, x->h);
        if (code)
            return code;
        everything = true;
    }
    x->todo.damage = x->todo.everything = false;
    /* The pointer's answers come along with the pixels, so a screen that never rests does not hide it. */
    question = fl_x11_ask_pointer(x);
    code = read_damaged(x, everything);
    news = fl_x11_hear_pointer(x, question);
    if (news)
        fl_x11_tell(x, news, 0);
    return code;
}
