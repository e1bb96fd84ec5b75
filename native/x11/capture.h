/* Theory of operation of X11 capture.
 *
 * Whoever waits reads. A consumer in fl_x11_next() sleeps in poll() on the X socket, notes what events say (todo), and asks
 * the server for pixels itself, so between damage and frame no thread wakes another. It goes on one answer at a time (trip)
 * and never waits for one alone: a timeout, a signal or fl_x11_wake() lets it leave, and what is under way goes on when it
 * comes back. Nobody reads while the consumer is elsewhere. So damage merges while it is busy, an idle screen wakes
 * nobody, and the picture never changes under a consumer who works on it.
 *
 * The thread minds the connection while no consumer is inside: it takes events, which would else pile up in the server, and
 * notes when damage began. It sleeps on an epoll instance in which the consumer switches the X socket off as it comes and
 * on as it leaves, so nobody is signalled; it looks once when something comes, and then ten times a second until nothing
 * does. And it runs errands for the consumer: questions that are answered rarely, and waited for without end (where the
 * area is, memory for another size). A server that hangs holds up the thread in them, never the consumer.
 *
 *   owner     of the connection, and all that is "the owner's" below
 *   NOBODY    whoever comes first, under the lock
 *   CONSUMER  from its coming to its leaving, but while the thread runs an errand for it
 *   THREAD    as long as it looks, or runs an errand
 *
 * Pixels come from one of two places: a segment that the server copies them to (MIT-SHM), or the framebuffer of an Xvfb
 * that was started with -fbdir, which is mapped and changes at any moment. The first may be the consumer's picture
 * itself; the second never, so its damaged pixels are compared with a private picture and copied to it where they
 * differ. Such a picture is kept of a segment's pixels too once somebody asks which tiles of a frame truly changed. The
 * server paints its software cursor into the framebuffer, so it is hidden as long as we are connected; its
 * shape and place are known all the same.
 *
 * Damage is subtracted before it is read, so what is drawn during the read is damage again. A read costs one round trip
 * where little changed: the request that subtracts the damage and one for the pixels of the box that the damage events spoke
 * of go out together, in this order. The server tells whenever that box grows, so it is not asked what the damage is. Events
 * are marked with the last request that the server had seen, so those from before the subtraction are told from new ones:
 * where one of them spoke of a larger box, that is read by a second trip, and all that was drawn until the server looked
 * comes in one frame. A large box may hold little damage, so there that is fetched first, unless the first events spoke of
 * everything: then all pixels are asked for along with it. Narrow boxes are read aside and copied to their place, so a
 * letter costs the same on a wide screen as on a small one.
 *
 * A mapped framebuffer needs no trip to be read. A small box is read at once, and the server is asked to subtract the
 * damage only when the consumer comes back: nobody waits for that. What was drawn there between the two is in the damage
 * that comes back then, so that is looked at once more: where it differs from what was read, it is damage again.
 *
 * Where the pointer stands is asked along with the damage, but not along with a small box: there it is asked afterwards.
 *
 * What is captured is an area of the screen, all of it or one monitor; everything above works in the area's pixels.
 */
#ifndef FL_X11_CAPTURE_H
#define FL_X11_CAPTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <xcb/damage.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xfixes.h>

#include "x11.h"

#define FL_X11_RECTS 64

/* Memory behind a picture, for images that are narrower. */
#define FL_ASIDE_BYTES (1 << 20)

enum fl_x11_owner { FL_NOBODY, FL_CONSUMER, FL_THREAD };

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

/* Questions about the pointer that are on their way to the server. */
typedef struct fl_x11_question {
    bool shape;
    xcb_query_pointer_cookie_t place;
    xcb_xfixes_get_cursor_image_cookie_t image;
} fl_x11_question;

/* One request for pixels. An image has rows as long as it is wide, so one as wide as the picture is read in place, and a
 * narrow one aside: the bytes that are moved follow what was damaged, not how wide the screen is. */
typedef struct fl_x11_request {
    fl_rect box;
    bool aside;
    uint32_t offset; /* in the segment */
    xcb_shm_get_image_cookie_t cookie;
} fl_x11_request;

/* Requests that are on their way, by the answer that comes next. HOME: none; UNASKED: none yet. */
typedef struct fl_x11_trip {
    enum { FL_HOME, FL_UNASKED, FL_DAMAGE, FL_PIXELS, FL_PLACE, FL_SHAPE } stage;
    bool everything;
    bool guessed; /* the pixels of the first request were asked for before all of the damage was known */
    bool early;   /* the frame was made before the damage was known */
    bool framed;  /* a frame is made, to be handed out at the end */
    bool failed;
    int n, heard; /* requests for pixels, and how many of them are answered */
    fl_rect area; /* as it was */
    fl_rect said; /* of the screen: what the last event spoke of that the server sent before it subtracted the damage */
    int64_t sent_at_ns;
    xcb_xfixes_fetch_region_cookie_t damage;
    fl_x11_question question;
    fl_x11_request requests[FL_X11_RECTS];
} fl_x11_trip;

struct fl_x11 {
    /* Set by open, then constant. */
    xcb_connection_t *c;
    xcb_window_t root;
    xcb_damage_damage_t damage;
    xcb_xfixes_region_t region;
    uint8_t damage_notify, cursor_notify, screen_notify, xinput;
    int64_t interval_ns;
    char *monitor; /* NULL: the whole screen */
    pthread_t thread;
    int thread_fd, consumer_fd; /* to signal them */
    int minded_fd; /* epoll: the X socket while nobody else looks at it, and thread_fd */

    /* The owner's: what is still to be asked of the server, and from when on it may be. */
    struct {
        bool damage, everything, geometry, misfit, cursor, pointer;
        int64_t damaged_at_ns, read_due_ns, pointer_due_ns;
        fl_rect box; /* of the screen: what damage events spoke of since the last read */
        fl_rect again; /* of the area: what was read too early, and is damage whatever the server says */
        uint32_t subtracted; /* the request before which damage was read */
    } todo;
    fl_x11_trip trip;
    fl_x11_picture picture;
    fl_x11_mapped mapped;
    fl_x11_kept kept;
    fl_rect area; /* of the screen; w and h are known to all */
    fl_x11_frame frame;
    fl_x11_memory *handed; /* of the frame that the consumer has */

    atomic_bool compare; /* anybody's to set; the owner begins with the next read */

    /* Shared, under `lock`. */
    pthread_mutex_t lock;
    enum fl_x11_owner owner;
    bool waiting; /* the consumer is in fl_x11_next() */
    bool woken, stopped;
    int failure; /* negated errno once capturing has ended by itself */
    int news; /* FL_X11_POINTER, FL_X11_CURSOR: not yet told */
    int w, h; /* of the area now */
    bool is_mapped;
    char unmapped[192]; /* why not, where a framebuffer was named */
    fl_x11_sprite sprite;
};

/* Make `fd`'s reader look up, or forget that it was told to. */
void fl_x11_signal(int fd);
void fl_x11_unsignal(int fd);

/* Take events, and note what they ask for: what one look at the socket brings, or what is here already. Returns how many. */
int fl_x11_take_events(fl_x11 *x);
int fl_x11_take_queued_events(fl_x11 *x);

/* Whether the connection is dead. */
bool fl_x11_is_dead(fl_x11 *x);

/* The moment after which the next read may come: on average one an interval, and after a rest two at once. One would
 * hold back a screen that changes just as often, but out of step, by as much as an interval for every frame. */
int64_t fl_x11_next_due(int64_t due, int64_t now, int64_t interval);

/* Ask for the area's place and size; when one changed, everything is to be read anew. -ENODEV: the monitor is gone.
 * Waits for the server. */
int fl_x11_measure(fl_x11 *x);

/* Map an Xvfb's framebuffer file. Negative: `why` says what is wrong with it. */
int fl_x11_map(const char *path, fl_x11_mapped *mapped, fl_why why);
void fl_x11_unmap(fl_x11_mapped *mapped);

/* Make the memory for pixels fit the area; a framebuffer that the area has outgrown is let go. Waits for the server. */
int fl_x11_fit(fl_x11 *x);

/* The part of `r` that lies in `bounds`; without width or height where there is none. */
fl_rect fl_x11_clip(fl_rect r, fl_rect bounds);

/* Compare the frame's rectangles in `source`, the area's pixels, with the private picture, copy what differs and mark
 * its tiles. Returns how many tiles changed. */
int fl_x11_keep_changed(fl_x11 *x, const uint8_t *source, ptrdiff_t stride);

/* Keep a private picture from now on where that is asked for: of what the last frame showed. No trip may be under way. */
int fl_x11_begin_to_keep(fl_x11 *x);

/* Whether the frame's rectangles differ in `source` from the private picture. */
bool fl_x11_kept_differs(const fl_x11 *x, const uint8_t *source, ptrdiff_t stride);
int fl_x11_kept_fit(fl_x11_kept *kept, int w, int h);
void fl_x11_kept_free(fl_x11_kept *kept);

/* Make `picture` fit w x h and attach it. -EACCES: the server refused the memory. */
int fl_x11_picture_attach(xcb_connection_t *c, fl_x11_picture *picture, int w, int h);
void fl_x11_picture_detach(xcb_connection_t *c, fl_x11_picture *picture);

/* Set out to read what was damaged, or to ask where the pointer is; no trip may be under way. 1: a frame is made
 * already. */
int fl_x11_set_out_to_read(fl_x11 *x);
void fl_x11_set_out_for_pointer(fl_x11 *x);

/* Go on with the trip, as far as the server has answered. 1: a frame is made, described in x->frame; -EAGAIN: answers are
 * still to come; 0: it is over without a frame, since nothing was damaged, or the screen changed under the read, which is
 * then still to be done. */
int fl_x11_go_on(fl_x11 *x);

/* An answer of the server in `*reply`, which is then the caller's: NULL where the request failed. False: not yet. */
bool fl_x11_answered(fl_x11 *x, uint32_t sequence, void **reply);

/* Ask where the pointer is, and for its shape where that may have changed. */
fl_x11_question fl_x11_ask_pointer(fl_x11 *x);

/* Take an answer, and tell the consumer what is new. */
void fl_x11_hear_place(fl_x11 *x, xcb_query_pointer_reply_t *reply);
void fl_x11_hear_shape(fl_x11 *x, xcb_xfixes_get_cursor_image_reply_t *reply);

/* Switch on, or off, that the thread looks when the server says something. Locked. */
void fl_x11_mind(fl_x11 *x, bool on);

/* The thread; `argument` is the fl_x11. */
void *fl_x11_thread(void *argument);

#endif
