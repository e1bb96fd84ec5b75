/* Theory of operation of X11 capture.
 *
 * The capture thread owns the connection: it sleeps in poll() on the X socket and an eventfd, notes what events say
 * (todo), and asks the server for pixels only while the consumer waits for them. So damage merges while the consumer
 * is busy, an idle screen wakes nobody, and the picture never changes under a consumer who works on it.
 *
 *   picture   who may touch it
 *   FREE      the consumer, unless it waits in fl_x11_next(): then the thread may begin to read
 *   READING   the thread
 *   READY     nobody: a frame lies ready to be taken
 *
 * Pixels come from one of two places: a segment that the server copies them to (MIT-SHM), or the framebuffer of an Xvfb
 * that was started with -fbdir, which is mapped and changes at any moment. The first may be the consumer's picture
 * itself; the second never, so its damaged pixels are compared with a private picture and copied to it where they
 * differ. A read of the mapped framebuffer is right for the same reason as any: damage is subtracted before it, so
 * what is drawn during the read is damage again. The server paints its software cursor into the framebuffer, so it is
 * hidden as long as we are connected; its shape and place are known all the same.
 *
 * A read costs one round trip where little changed: the request that subtracts the damage, the one that fetches it and one
 * for the pixels of the box that the damage events spoke of go out together, in this order. Where the damage turns out to
 * leave the box, its pixels are read by a second trip. Events are marked with the last request that the server had seen,
 * so those from before the subtraction, whose damage the read has taken, are told from new ones. Narrow boxes are read
 * aside and copied to their place, so a letter costs the same on a wide screen as on a small one.
 *
 * What is captured is an area of the screen, all of it or one monitor; everything above works in the area's pixels.
 *
 * FREE -> READING -> READY, or back to FREE, by the thread; READY -> FREE by the consumer. A consumer whose time is over
 * while the thread reads waits for the end of the read, but not for ever: a server may hang.
 */
#ifndef FL_X11_CAPTURE_H
#define FL_X11_CAPTURE_H

#include <pthread.h>
#include <stdbool.h>

#include <xcb/damage.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xfixes.h>

#include "x11.h"

#define FL_X11_RECTS 64

enum fl_x11_phase { FL_FREE, FL_READING, FL_READY };

/* The area's pixels in memory that the server writes to. */
typedef struct fl_x11_picture {
    fl_x11_memory *memory;
    xcb_shm_seg_t segment;
    int w, h;
} fl_x11_picture;

/* An Xvfb's framebuffer; `pixels` is NULL when none is mapped. */
typedef struct fl_x11_mapped {
    void *file;
    size_t file_size;
    const uint8_t *pixels;
    int w, h;
    ptrdiff_t stride;
} fl_x11_mapped;

/* A private picture to compare with; `memory` is NULL where reads are in place. */
typedef struct fl_x11_kept {
    fl_x11_memory *memory;
    uint8_t *changed; /* tiles, of the last comparison */
    int w, h;
    bool fresh; /* it never held the area's pixels */
} fl_x11_kept;

/* The pointer as last seen; `pixels` is NULL without a shape. */
typedef struct fl_x11_sprite {
    bool on_screen;
    int x, y;
    fl_x11_cursor shape;
    uint8_t *pixels;
} fl_x11_sprite;

struct fl_x11 {
    /* Set by open, then constant. */
    xcb_connection_t *c;
    xcb_window_t root;
    xcb_damage_damage_t damage;
    xcb_xfixes_region_t region;
    uint8_t damage_notify, cursor_notify, screen_notify, xinput;
    int64_t interval_ns;
    bool compare;
    char *monitor; /* NULL: the whole screen */
    pthread_t thread;
    int thread_fd, consumer_fd;

    /* The thread's own: what is still to be asked of the server, and from when on it may be. */
    struct {
        bool damage, everything, geometry, cursor, pointer;
        int64_t damaged_at_ns, read_due_ns, pointer_due_ns;
        fl_rect box;         /* of the screen: what damage events spoke of since the last read */
        uint32_t subtracted; /* the request before which damage was read */
    } todo;
    fl_x11_picture picture;
    fl_x11_mapped mapped;
    fl_x11_kept kept;
    fl_rect area; /* of the screen; w and h are known to the consumer */

    /* Shared, under `lock`. */
    pthread_mutex_t lock;
    enum fl_x11_phase phase;
    bool waiting; /* the consumer is in fl_x11_next() */
    bool hurried; /* its time is over: it only waits for the thread to have looked */
    bool looked;  /* since the consumer came, the thread found nothing to read */
    bool woken, stopped;
    int failure; /* negated errno once capturing has ended by itself */
    int news;    /* FL_X11_POINTER, FL_X11_CURSOR: not yet told */
    int w, h;    /* of the area now */
    bool is_mapped;
    char unmapped[192]; /* why not, where a framebuffer was named */
    fl_x11_sprite sprite;
    fl_x11_frame frame;
    fl_x11_memory *handed; /* of the frame that the consumer has */
};

/* Make `fd`'s reader look up, or forget that it was told to. */
void fl_x11_signal(int fd);
void fl_x11_unsignal(int fd);

/* Take all events that have come and note what they ask for. -ENODEV: the monitor is gone. */
int fl_x11_take_events(fl_x11 *x);

/* Ask for the area's place and size; when one changed, everything is to be read anew. -ENODEV: the monitor is gone. */
int fl_x11_measure(fl_x11 *x);

/* Map an Xvfb's framebuffer file. Negative: `why` says what is wrong with it. */
int fl_x11_map(const char *path, fl_x11_mapped *mapped, fl_why why);
void fl_x11_unmap(fl_x11_mapped *mapped);

/* Make the memory for pixels fit the area; a framebuffer that the area has outgrown is let go. */
int fl_x11_fit(fl_x11 *x);

/* Compare the frame's rectangles in `source`, the area's pixels, with the private picture, copy what differs and mark
 * its tiles. Returns how many tiles changed. */
int fl_x11_keep_changed(fl_x11 *x, const uint8_t *source, ptrdiff_t stride);
int fl_x11_kept_fit(fl_x11_kept *kept, int w, int h);
void fl_x11_kept_free(fl_x11_kept *kept);

/* Make `picture` fit w x h and attach it. -EACCES: the server refused the memory. */
int fl_x11_picture_attach(xcb_connection_t *c, fl_x11_picture *picture, int w, int h);
void fl_x11_picture_detach(xcb_connection_t *c, fl_x11_picture *picture);

/* Read what was damaged into the picture and describe it in x->frame. 1: a frame; 0: nothing was damaged, or the
 * screen changed under the read, which is then still to be done; negative: capturing is over. */
int fl_x11_read(fl_x11 *x);

/* Questions about the pointer that are on their way to the server. */
typedef struct fl_x11_question {
    bool shape;
    xcb_query_pointer_cookie_t place;
    xcb_xfixes_get_cursor_image_cookie_t image;
} fl_x11_question;

/* Ask where the pointer is, and for its shape where that may have changed. */
fl_x11_question fl_x11_ask_pointer(fl_x11 *x);

/* Take the answers; returns FL_X11_POINTER and FL_X11_CURSOR bits as they changed. */
int fl_x11_hear_pointer(fl_x11 *x, fl_x11_question question);

/* Add to what the consumer is told, and make it look. */
void fl_x11_tell(fl_x11 *x, int news, int failure);

/* The thread; `argument` is the fl_x11. */
void *fl_x11_thread(void *argument);

#endif
