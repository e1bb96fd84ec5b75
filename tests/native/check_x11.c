/* Captures a display in every way and lets go of it, so that a checker of memory sees all of native/x11 at work.
 * Usage: check_x11 DISPLAY FRAMEBUFFER MONITOR */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

#include "x11.h"

#define TURNS 5
#define SECOND 1000000000

typedef struct painter {
    xcb_connection_t *c;
    xcb_window_t root;
    xcb_gcontext_t gc;
} painter;

static void fail(const char *what, int code)
{
    fprintf(stderr, "%s: %d\n", what, code);
    exit(1);
}

static painter open_painter(const char *display)
{
    painter p = {.c = xcb_connect(display, NULL)};
    const uint32_t over_windows = XCB_SUBWINDOW_MODE_INCLUDE_INFERIORS;

    if (xcb_connection_has_error(p.c))
        fail("the display does not open", 0);
    p.root = xcb_setup_roots_iterator(xcb_get_setup(p.c)).data->root;
    p.gc = xcb_generate_id(p.c);
    xcb_create_gc(p.c, p.gc, p.root, XCB_GC_SUBWINDOW_MODE, &over_windows);
    return p;
}

static void paint(const painter *p, uint32_t colour, xcb_rectangle_t area)
{
    xcb_change_gc(p->c, p->gc, XCB_GC_FOREGROUND, &colour);
    xcb_poly_fill_rectangle(p->c, p->root, p->gc, 1, &area);
    xcb_flush(p->c);
}

static void take_frame(fl_x11 *x)
{
    fl_x11_frame frame;
    int news;

    do
        news = fl_x11_next(x, 20LL * SECOND, &frame);
    while (news > 0 && !(news & FL_X11_FRAME));
    if (news <= 0)
        fail("no frame came", news);
    fl_x11_memory_hold(frame.memory);
    fl_x11_memory_release(frame.memory);
}

static void look_at_pointer(fl_x11 *x)
{
    fl_x11_cursor shape;
    static uint8_t pixels[FL_X11_CURSOR_SIDE * FL_X11_CURSOR_SIDE * 4];
    int32_t place[2];

    fl_x11_pointer(x, &place[0], &place[1]);
    fl_x11_cursor_shape(x, &shape, pixels, sizeof pixels);
}

/* Take a frame by a lane of another size, which leaves it alone. */
static void take_frame_for_another(fl_x11 *x)
{
    static uint8_t pixels[4], known[1], marks[3], out[16];
    uint64_t rows[1];
    fl_shadow shadow = {.pixels = pixels, .stride = 4, .w = 1, .h = 1, .rows = rows, .known = known};
    fl_lane lane = {.shadow = &shadow, .tiles = marks, .stale = marks + 1, .touched = marks + 2, .out = out};
    fl_x11_frame frame;
    fl_x11_wait wait = {.x = x, .frame = &frame, .lane = &lane, .timeout_ns = 20LL * SECOND};
    int64_t length;

    do
        length = fl_x11_next_update(&wait);
    while (!length && wait.news > 0 && !(wait.news & FL_X11_FRAME));
    if (length || wait.news <= 0 || lane.length != -ESTALE)
        fail("a frame of another size was not left alone", wait.news);
}

/* `colour` differs from one call to the next, for drawing that changes nothing gives no frame. */
static void capture(const char *display, const fl_x11_options *options, const painter *p, uint32_t colour)
{
    char why[256];
    fl_x11 *x;
    int code = fl_x11_open(display, options, &x, why, sizeof why);

    if (code)
        fail(why, code);
    take_frame(x);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        if (turn == TURNS / 2)
            fl_x11_compare(x);
        paint(p, colour + turn, (xcb_rectangle_t){(int16_t)(turn * 30), 20, 8, 16});
        take_frame(x);
        paint(p, colour + turn, (xcb_rectangle_t){0, 0, 200, 100});
        take_frame_for_another(x);
        look_at_pointer(x);
    }
    if (fl_x11_is_mapped(x, why, sizeof why) != (options->framebuffer != NULL))
        fail("the framebuffer is not used as asked", 0);
    fl_x11_close(x);
}

static void refuse(const char *display, const fl_x11_options *options, int wanted)
{
    char why[256];
    fl_x11 *x;
    int code = fl_x11_open(display, options, &x, why, sizeof why);

    if (code != wanted)
        fail("it was not refused as it should be", code);
}

int main(int argc, char **argv)
{
    fl_x11_monitor monitors[4];
    char why[256];
    painter p;

    if (argc != 4)
        fail("usage: check_x11 DISPLAY FRAMEBUFFER MONITOR", argc);
    p = open_painter(argv[1]);
    capture(argv[1], &(fl_x11_options){.max_fps = 1000}, &p, 0x100000);
    capture(argv[1], &(fl_x11_options){.max_fps = 1000, .compare = 1}, &p, 0x200000);
    capture(argv[1], &(fl_x11_options){.max_fps = 1000, .framebuffer = argv[2]}, &p, 0x300000);
    capture(argv[1], &(fl_x11_options){.max_fps = 1000, .monitor = argv[3]}, &p, 0x400000);
    refuse(argv[1], &(fl_x11_options){.max_fps = 1000, .monitor = "nothing"}, -ENODEV);
    refuse(":54321", &(fl_x11_options){.max_fps = 1000}, -ECONNREFUSED);
    if (fl_x11_monitors(argv[1], monitors, 4, why, sizeof why) < 1)
        fail("there are no monitors", 0);
    xcb_disconnect(p.c);
    puts("all captures are clean");
    return 0;
}
