/* RandR monitors: which there are, and where one stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/randr.h>

#include "monitors.h"

static void name_of(xcb_connection_t *c, xcb_atom_t atom, char *name)
{
    xcb_get_atom_name_reply_t *reply = xcb_get_atom_name_reply(c, xcb_get_atom_name(c, atom), NULL);
    size_t length = reply ? (size_t)xcb_get_atom_name_name_length(reply) : 0;

    if (length >= FL_X11_MONITOR_NAME)
        length = FL_X11_MONITOR_NAME - 1;
    if (length)
        memcpy(name, xcb_get_atom_name_name(reply), length);
    name[length] = 0;
    free(reply);
}

int fl_x11_list_monitors(xcb_connection_t *c, xcb_window_t root, fl_x11_monitor *monitors, int max)
{
    xcb_randr_get_monitors_reply_t *reply = xcb_randr_get_monitors_reply(c, xcb_randr_get_monitors(c, root, 1), NULL);
    xcb_randr_monitor_info_iterator_t i;
    int n = 0;

    if (!reply)
        return xcb_connection_has_error(c) ? -EPIPE : -EIO;
    for (i = xcb_randr_get_monitors_monitors_iterator(reply); i.rem; xcb_randr_monitor_info_next(&i), n++) {
        if (n >= max)
            continue;
        name_of(c, i.data->name, monitors[n].name);
        monitors[n].area = (fl_rect){i.data->x, i.data->y, i.data->width, i.data->height};
        monitors[n].primary = i.data->primary;
    }
    free(reply);
    return n;
}

int fl_x11_find_monitor(xcb_connection_t *c, xcb_window_t root, const char *name, fl_rect *area)
{
    fl_x11_monitor monitors[FL_X11_MONITORS];
    int n = fl_x11_list_monitors(c, root, monitors, FL_X11_MONITORS);

    for (int i = 0; i < n && i < FL_X11_MONITORS; i++)
        if (strcmp(monitors[i].name, name) == 0) {
            *area = monitors[i].area;
            return 0;
        }
    return n < 0 ? n : -ENODEV;
}

int fl_x11_agree_on_monitors(xcb_connection_t *c, const char *name, fl_why why)
{
    xcb_randr_query_version_reply_t *reply = NULL;
    bool known;

    if (fl_x11_extension(c, &xcb_randr_id))
        reply = xcb_randr_query_version_reply(c, xcb_randr_query_version(c, 1, 5), NULL);
    known = reply && (reply->major_version > 1 || reply->minor_version >= 5);
    free(reply);
    if (!known)
        return fl_because(why, -ENOTSUP, "the X server of display %s has no RANDR 1.5, which knows monitors", name);
    return 0;
}

int fl_x11_monitors(const char *display, fl_x11_monitor *monitors, int max, char *why, int why_size)
{
    fl_why reason = {why, why_size};
    xcb_connection_t *c;
    xcb_screen_t *screen;
    int code = fl_x11_connect(display, &c, &screen, reason);

    if (code)
        return code;
    code = fl_x11_agree_on_monitors(c, fl_x11_name(display), reason);
    if (!code)
        code = fl_x11_list_monitors(c, screen->root, monitors, max);
    if (code == -EPIPE || code == -EIO)
        fl_because(reason, code, "the X server of display %s does not tell its monitors", fl_x11_name(display));
    xcb_disconnect(c);
    return code;
}
