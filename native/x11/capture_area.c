/* The area that is captured: where it is, and memory for its pixels. All of it waits for the server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "monitors.h"

#define MAX_SIDE 16384
#define MAX_PIXELS (8192 * 8192)

int fl_x11_picture_attach(xcb_connection_t *c, fl_x11_picture *picture, int w, int h)
{
    fl_x11_picture fresh = {.w = w, .h = h};
    xcb_generic_error_t *error;
    int fd, code;

    code = fl_x11_memory_new((size_t)w * (size_t)h * 4 + FL_ASIDE_BYTES, &fresh.memory, &fd);
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

fl_rect fl_x11_clip(fl_rect r, fl_rect bounds)
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
    *area = fl_x11_clip(*area, screen);
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
    x->todo.damage = x->todo.everything = x->todo.misfit = true;
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
