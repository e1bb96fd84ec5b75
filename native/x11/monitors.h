/* RandR monitors: which there are, and where one stands. */
#ifndef FL_X11_MONITORS_H
#define FL_X11_MONITORS_H

#include <stdbool.h>

#include "x11.h"

/* As many as one is looked for among. */
#define FL_X11_MONITORS 64

/* Before the rest: -ENOTSUP and a sentence where the server knows no monitors. */
int fl_x11_agree_on_monitors(xcb_connection_t *c, const char *name, fl_why why);

/* Fill in at most `max`; returns how many there are. */
int fl_x11_list_monitors(xcb_connection_t *c, xcb_window_t root, fl_x11_monitor *monitors, int max);

/* Look a monitor up. -ENODEV: there is none of that name. */
int fl_x11_find_monitor(xcb_connection_t *c, xcb_window_t root, const char *name, fl_rect *area);

#endif
