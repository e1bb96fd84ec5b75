/* What the X11 files share: opening a display, explaining why not, shared memory, time. */
#ifndef FL_X11_H
#define FL_X11_H

#include <stddef.h>
#include <stdint.h>

#include <xcb/xcb.h>

/* fanlight.h has no guard, since cffi reads it too, and internal.h includes it as well. */
#ifndef FL_INTERNAL_H
#include "fanlight.h"
#endif

/* Room for one sentence, owned by the caller. */
typedef struct fl_why {
    char *text;
    int size;
} fl_why;

/* Write the sentence and return `code`, so that failing reads `return fl_because(why, -EINVAL, ...)`. */
__attribute__((format(printf, 3, 4))) int fl_because(fl_why why, int code, const char *format, ...);

/* The display's name as a person would write it, for sentences. */
const char *fl_x11_name(const char *display);

/* Open `display` and find its preferred screen; on success the caller disconnects. */
int fl_x11_connect(const char *display, xcb_connection_t **c, xcb_screen_t **screen, fl_why why);

/* The extension's data, or NULL when the server lacks it. */
const xcb_query_extension_reply_t *fl_x11_extension(xcb_connection_t *c, xcb_extension_t *extension);

/* New shared memory, referenced once; `fd` is for the X server and the caller's to close. */
int fl_x11_memory_new(size_t size, fl_x11_memory **out, int *fd);

/* New memory that is ours alone, referenced once. */
int fl_x11_memory_private(size_t size, fl_x11_memory **out);

uint8_t *fl_x11_memory_pixels(fl_x11_memory *memory);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t fl_x11_now(void);

#endif
