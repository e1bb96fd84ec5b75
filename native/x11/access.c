/* Who may connect to an X server of our own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "x11.h"

#define PROTOCOL "MIT-MAGIC-COOKIE-1"

int fl_x11_allow_user(const char *display, const uint8_t *cookie, uint32_t uid, char *why, int why_size)
{
    uint8_t key[16];
    char protocol[] = PROTOCOL, user[32] = "localuser";
    xcb_auth_info_t authority = {sizeof PROTOCOL - 1, protocol, sizeof key, (char *)key};
    fl_why reason = {why, why_size};
    xcb_generic_error_t *error;
    xcb_connection_t *c;
    int screen, code = 0, type = sizeof "localuser", length;

    if (!display || !cookie)
        return fl_because(reason, -EINVAL, "a display and its cookie are needed");
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = cookie[i];
    /* A server-interpreted address is the type and the value with a zero byte between them. */
    length = type + snprintf(user + type, sizeof user - (size_t)type, "#%u", uid);
    c = xcb_connect_to_display_with_auth_info(display, &authority, &screen);
    if (xcb_connection_has_error(c)) {
        code = fl_because(reason, -ECONNREFUSED, "display %s did not accept its cookie", display);
        goto done;
    }
    error = xcb_request_check(c, xcb_change_hosts_checked(c, XCB_HOST_MODE_INSERT, XCB_FAMILY_SERVER_INTERPRETED,
                                                          (uint16_t)length, (const uint8_t *)user));
    if (error)
        code = fl_because(reason, -EACCES, "display %s did not let user %u in", display, uid);
    free(error);
done:
    xcb_disconnect(c);
    return code;
}
