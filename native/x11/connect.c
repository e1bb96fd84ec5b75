/* Opening a display, and saying in one sentence why it did not open. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "x11.h"

int fl_because(fl_why why, int code, const char *format, ...)
{
    va_list arguments;

    if (why.size <= 0)
        return code;
    va_start(arguments, format);
    vsnprintf(why.text, (size_t)why.size, format, arguments);
    va_end(arguments);
    return code;
}

int64_t fl_x11_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const char *fl_x11_name(const char *display)
{
    const char *name = display ? display : getenv("DISPLAY");

    return name ? name : "";
}

/* Whether anybody listens on the local socket of display `number`. */
static int local_server_answers(int number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int answers;

    if (fd < 0)
        return 0;
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/.X11-unix/X%d", number);
    answers = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return answers;
}

/* xcb tells a refusal from an absent server no more than by a line on stderr, so knock once more to find out. */
static int explain_failure(const char *display, int error, fl_why why)
{
    const char *name = fl_x11_name(display);
    char *host = NULL;
    int number = 0, screen = 0, local;

    if (!*name)
        return fl_because(why, -EINVAL, "no display was named and DISPLAY is not set");
    if (error == XCB_CONN_CLOSED_INVALID_SCREEN)
        return fl_because(why, -EINVAL, "display %s has no such screen", name);
    if (!xcb_parse_display(name, &host, &number, &screen))
        return fl_because(why, -EINVAL, "\"%s\" is not the name of a display, such as :0", name);
    local = !*host || strcmp(host, "unix") == 0;
    free(host);
    if (local && local_server_answers(number))
        return fl_because(why, -EACCES, "the X server of display %s refused this user (check XAUTHORITY)", name);
    return fl_because(why, -ECONNREFUSED, "no X server answers at display %s", name);
}

int fl_x11_connect(const char *display, xcb_connection_t **c, xcb_screen_t **screen, fl_why why)
{
    xcb_screen_iterator_t screens;
    xcb_connection_t *connection;
    int number = 0, error, code;

    connection = xcb_connect(display, &number);
    error = xcb_connection_has_error(connection);
    if (error) {
        code = explain_failure(display, error, why);
        xcb_disconnect(connection);
        return code;
    }
    screens = xcb_setup_roots_iterator(xcb_get_setup(connection));
    while (number-- > 0)
        xcb_screen_next(&screens);
    *c = connection;
    *screen = screens.data;
    return 0;
}

const xcb_query_extension_reply_t *fl_x11_extension(xcb_connection_t *c, xcb_extension_t *extension)
{
    const xcb_query_extension_reply_t *data = xcb_get_extension_data(c, extension);

    return data && data->present ? data : NULL;
}
