/* What was damaged, by the server's word. */
#include "capture_read.h"

fl_rect fl_x11_in_area(const fl_x11 *x, fl_rect of_screen)
{
    fl_rect r = fl_x11_clip(of_screen, x->trip.area);

    return (fl_rect){r.x - x->trip.area.x, r.y - x->trip.area.y, r.w, r.h};
}

void fl_x11_add_rect(fl_x11 *x, fl_rect of_area)
{
    if (!fl_x11_is_empty(of_area))
        x->frame.rects[x->frame.n_rects++] = of_area;
}

static void add_damage(fl_x11 *x, const xcb_rectangle_t *r)
{
    fl_x11_add_rect(x, fl_x11_in_area(x, (fl_rect){r->x, r->y, r->width, r->height}));
}

void fl_x11_subtract_damage(fl_x11 *x)
{
    x->todo.subtracted = xcb_damage_subtract(x->c, x->damage, XCB_NONE, x->region).sequence;
}

void fl_x11_fetch_damage(fl_x11 *x)
{
    x->trip.damage = xcb_xfixes_fetch_region(x->c, x->region);
    x->trip.stage = FL_DAMAGE;
}

void fl_x11_take_damage(fl_x11 *x, xcb_xfixes_fetch_region_reply_t *reply)
{
    const xcb_rectangle_t *rects = xcb_xfixes_fetch_region_rectangles(reply);
    const int n = xcb_xfixes_fetch_region_rectangles_length(reply);

    if (n >= FL_X11_RECTS)
        add_damage(x, &reply->extents);
    for (int i = 0; n < FL_X11_RECTS && i < n; i++)
        add_damage(x, &rects[i]);
}
