/* Showing pictures in a window that another connection of this process has made: the X server takes them out of memory
 * that it shares with us. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <xcb/shm.h>
#include <xcb/xcbext.h>

#include "internal.h"
#include "x11.h"

enum { NANOSECONDS = 1000000000 };

typedef struct source {
    xcb_shm_seg_t segment; /* 0: there is none */
    int w, h;
} source;

struct fl_window {
    xcb_connection_t *c;
    xcb_window_t window;
    xcb_gcontext_t gc;
    xcb_get_input_focus_cookie_t asked; /* answered once the server has done all before it */
    bool waiting;
    source sources[FL_WINDOW_SOURCES];
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool shares_memory(xcb_connection_t *c)
{
    xcb_shm_query_version_reply_t *version;
    bool enough;

    if (!fl_x11_extension(c, &xcb_shm_id))
        return false;
    version = xcb_shm_query_version_reply(c, xcb_shm_query_version(c), NULL);
    /* 1.2 takes a descriptor. */
    enough = version && (version->major_version > 1 || version->minor_version >= 2);
    free(version);
    return enough;
}

static bool is_bgrx(const xcb_visualtype_t *visual)
{
    return visual->red_mask == 0xFF0000 && visual->green_mask == 0xFF00 && visual->blue_mask == 0xFF;
}

static bool visual_is_bgrx(const xcb_screen_t *screen, xcb_visualid_t id)
{
    for (xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen); d.rem; xcb_depth_next(&d)) {
        for (xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data); v.rem; xcb_visualtype_next(&v)) {
            if (v.data->visual_id == id)
                return d.data->depth == 24 && is_bgrx(v.data);
        }
    }
    return false;
}

static bool takes_four_bytes(const xcb_setup_t *setup)
{
    for (xcb_format_iterator_t f = xcb_setup_pixmap_formats_iterator(setup); f.rem; xcb_format_next(&f)) {
        if (f.data->depth == 24)
            return f.data->bits_per_pixel == 32 && setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST;
    }
    return false;
}

static int check_window(xcb_connection_t *c, const xcb_screen_t *screen, xcb_window_t window, fl_why why)
{
    xcb_get_window_attributes_reply_t *attributes =
        xcb_get_window_attributes_reply(c, xcb_get_window_attributes(c, window), NULL);
    bool fits;

    if (!attributes)
        return fl_because(why, -EINVAL, "there is no such window");
    fits = visual_is_bgrx(screen, attributes->visual) && takes_four_bytes(xcb_get_setup(c));
    free(attributes);
    return fits ? 0 : fl_because(why, -ENOTSUP, "its pixels are not BGRX of 32 bits");
}

int fl_window_open(const char *display, uint32_t window, fl_window **out, char *text, int size)
{
    const fl_why why = {text, size};
    const uint32_t no_exposures = 0;
    xcb_screen_t *screen;
    fl_window *win;
    int code;

    if (!out || !text)
        return -EINVAL;
    win = calloc(1, sizeof *win);
    if (!win)
        return -ENOMEM;
    code = fl_x11_connect(display, &win->c, &screen, why);
    if (code)
        goto fail;
    code = shares_memory(win->c) ? 0 : fl_because(why, -ENOTSUP, "the X server shares no memory with us");
    if (!code)
        code = check_window(win->c, screen, window, why);
    if (code)
        goto fail_connected;
    win->window = window;
    win->gc = xcb_generate_id(win->c);
    xcb_create_gc(win->c, win->gc, window, XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
    *out = win;
    return 0;

fail_connected:
    xcb_disconnect(win->c);
fail:
    free(win);
    return code;
}

void fl_window_close(fl_window *win)
{
    if (!win)
        return;
    xcb_disconnect(win->c);
    free(win);
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

int fl_window_lend(fl_window *win, int slot, int fd, int w, int h)
{
    xcb_generic_error_t *error;
    source *to, fresh = {.w = w, .h = h};
    int file;

    if (!win || slot < 0 || slot >= FL_WINDOW_SOURCES || (fd >= 0 && !fl_valid_size(w, h)))
        return -EINVAL;
    to = win->sources + slot;
    if (to->segment)
        xcb_shm_detach(win->c, to->segment);
    to->segment = 0;
    if (fd < 0)
        return 0;
    /* xcb closes the descriptor that it has sent. */
    file = dup(fd);
    if (file < 0)
        return -errno;
    fresh.segment = xcb_generate_id(win->c);
    error = xcb_request_check(win->c, xcb_shm_attach_fd_checked(win->c, fresh.segment, file, 1));
    if (xcb_connection_has_error(win->c))
        return -EPIPE;
    if (error) {
        free(error);
        return -EACCES;
    }
    *to = fresh;
    return 0;
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

static bool can_put(const fl_window *win, const fl_window_part *p)
{
    if (p->slot < 0 || p->slot >= FL_WINDOW_SOURCES || !win->sources[p->slot].segment)
        return false;
    return fl_rect_inside(p->x, p->y, p->w, p->h, win->sources[p->slot].w, win->sources[p->slot].h) &&
           p->to_x == (int16_t)p->to_x && p->to_y == (int16_t)p->to_y;
}

static void put(const fl_window *win, const fl_window_part *p)
{
    const source *from = win->sources + p->slot;

    xcb_shm_put_image(win->c, win->window, win->gc, (uint16_t)from->w, (uint16_t)from->h, (uint16_t)p->x,
                      (uint16_t)p->y, (uint16_t)p->w, (uint16_t)p->h, (int16_t)p->to_x, (int16_t)p->to_y, 24,
                      XCB_IMAGE_FORMAT_Z_PIXMAP, 0, from->segment, 0);
}

int fl_window_put(fl_window *win, const fl_window_part *parts, int n, int64_t timeout_ns)
{
    if (!win || win->waiting || n < 0 || (n > 0 && !parts))
        return -EINVAL;
    for (int i = 0; i < n; i++) {
        if (!can_put(win, parts + i))
            return -EINVAL;
    }
    for (int i = 0; i < n; i++)
        put(win, parts + i);
    win->asked = xcb_get_input_focus(win->c);
    win->waiting = true;
    xcb_flush(win->c);
    return fl_window_settle(win, timeout_ns);
}

/* Whether a request failed since the last look: the window is gone, or the server lost the memory. */
static bool take_errors(fl_window *win)
{
    xcb_generic_event_t *event;
    bool failed = false;

    while ((event = xcb_poll_for_queued_event(win->c))) {
        failed = failed || event->response_type == 0;
        free(event);
    }
    return failed;
}

int fl_window_settle(fl_window *win, int64_t timeout_ns)
{
    int64_t until;
    void *reply = NULL;
    xcb_generic_error_t *error = NULL;

    if (!win || timeout_ns < 0)
        return -EINVAL;
    until = fl_x11_now() + timeout_ns;
    while (win->waiting && !xcb_poll_for_reply(win->c, win->asked.sequence, &reply, &error)) {
        struct pollfd from = {.fd = xcb_get_file_descriptor(win->c), .events = POLLIN};
        const int64_t left = until - fl_x11_now();

        if (left <= 0)
            return 0;
        /* A signal, like too short a wait, is one turn more. */
        poll(&from, 1, left < NANOSECONDS ? (int)(left / 1000000) + 1 : 1000);
    }
    win->waiting = false;
    free(reply);
    free(error);
    if (xcb_connection_has_error(win->c))
        return -EPIPE;
    return take_errors(win) ? -EIO : 1;
}
