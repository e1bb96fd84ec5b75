/* The consumer's side of capture: waiting for something new, and reading it. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "capture.h"

/* How long a consumer that has a reason to leave still waits for the end of a read. */
#define GRACE_NS 100000000

/* One call of fl_x11_next(). */
typedef struct waiting {
    int64_t deadline_ns; /* negative: none */
    int64_t grace_ns;    /* from when on it leaves what is under way; negative: there is no reason yet */
    bool interrupted;
    bool looked; /* nothing more is to be done about what the server has said so far */
} waiting;

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Sleep until `until_ns` (negative: for ever), a signal, or until something is said: by anybody, or by the server too
 * where the connection is the consumer's. False: a signal came. */
static bool sleep_until(fl_x11 *x, bool owned, int64_t until_ns)
{
    struct pollfd fds[] = {{x->consumer_fd, POLLIN, 0}, {xcb_get_file_descriptor(x->c), POLLIN, 0}};
    int64_t left = until_ns - fl_x11_now();
    struct timespec timeout;
    int ready;

    left = left > 0 ? left : 0;
    timeout = (struct timespec){left / 1000000000, left % 1000000000};
    ready = ppoll(fds, owned ? 2 : 1, until_ns < 0 ? NULL : &timeout, NULL);
    if (ready > 0 && fds[0].revents)
        fl_x11_unsignal(x->consumer_fd);
    return ready >= 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static int read_frame(fl_x11 *x)
{
    int code = fl_x11_begin_to_keep(x);

    if (!code)
        code = fl_x11_set_out_to_read(x);
    /* Here the server often runs on our core: to look for its answer would put that off. */
    return code ? code : -EAGAIN;
}

/* Do one thing that is due. 1: a frame is there; 0: something was done; -EAGAIN: nothing is to be done until the server
 * speaks, or `*due_ns` comes (negative: never); else a failure. */
static int serve(fl_x11 *x, int64_t *due_ns)
{
    const int64_t now = fl_x11_now();

    *due_ns = -1;
    if (x->trip.stage != FL_HOME)
        return fl_x11_go_on(x);
    if (x->todo.damage) {
        if (now >= x->todo.read_due_ns)
            return read_frame(x);
        *due_ns = x->todo.read_due_ns;
    }
    if (x->todo.pointer || x->todo.cursor) {
        if (now >= x->todo.pointer_due_ns) {
            fl_x11_set_out_for_pointer(x);
            return 0;
        }
        *due_ns = earlier(*due_ns, x->todo.pointer_due_ns);
    }
    return -EAGAIN;
}

/* Let the thread do what may take for ever. */
static void send_on_errand(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->owner = FL_THREAD;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->thread_fd);
}

/* Hear the server, and do one thing. Results as of serve(), or a failure. */
static int work(fl_x11 *x, int64_t *due_ns)
{
    fl_x11_take_events(x);
    if (fl_x11_is_dead(x))
        return -EPIPE;
    if (x->trip.stage == FL_HOME && (x->todo.geometry || x->todo.misfit)) {
        send_on_errand(x);
        return 0;
    }
    return serve(x, due_ns);
}

/* ---- waiting ------------------------------------------------------------------------------------------------------ */

/* What there is to return now, or -EAGAIN to go on waiting. A timeout waits for what the server has said to be looked at
 * once, so that even a timeout of 0 brings a frame that is there; and what is under way is waited for, but only so long.
 * Locked. */
static int look(fl_x11 *x, waiting *wait)
{
    const int64_t now = fl_x11_now();
    const bool late = wait->deadline_ns >= 0 && now >= wait->deadline_ns;

    if (x->failure)
        return x->failure;
    if (wait->interrupted)
        return -EINTR;
    if (x->owner != FL_THREAD && x->trip.stage == FL_HOME)
        return x->woken || x->news || (late && wait->looked) ? 0 : -EAGAIN;
    if (wait->grace_ns < 0 && (x->woken || late))
        wait->grace_ns = now + GRACE_NS;
    return wait->grace_ns >= 0 && now >= wait->grace_ns ? 0 : -EAGAIN;
}

static int look_locked(fl_x11 *x, waiting *wait, bool *owned)
{
    int result;

    pthread_mutex_lock(&x->lock);
    if (x->owner == FL_NOBODY) {
        x->owner = FL_CONSUMER;
        fl_x11_mind(x, false);
    }
    *owned = x->owner == FL_CONSUMER;
    result = look(x, wait);
    pthread_mutex_unlock(&x->lock);
    return result;
}

/* Wait until a frame is made (1), or there is another reason to return (0, or negative). */
static int await_frame(fl_x11 *x, waiting *wait)
{
    bool owned;
    int result;

    while ((result = look_locked(x, wait, &owned)) == -EAGAIN) {
        int64_t due_ns = -1, until_ns;
        int code = owned ? work(x, &due_ns) : -EAGAIN;

        if (code == 0)
            continue;
        if (code != -EAGAIN)
            return code;
        if (owned && !wait->looked) {
            wait->looked = true;
            continue;
        }
        until_ns = wait->grace_ns < 0 ? wait->deadline_ns : wait->grace_ns;
        wait->interrupted = !sleep_until(x, owned, earlier(until_ns, due_ns));
    }
    return result;
}

static void come(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->waiting = true;
    pthread_mutex_unlock(&x->lock);
}

/* Let the thread mind the connection. Returns what is new besides the frame. */
static int leave(fl_x11 *x, int failure)
{
    int news = 0;

    pthread_mutex_lock(&x->lock);
    x->waiting = false;
    if (failure && failure != -EINTR && !x->failure)
        x->failure = failure;
    if (x->owner == FL_CONSUMER) {
        fl_x11_take_queued_events(x);
        x->owner = FL_NOBODY;
        fl_x11_mind(x, true);
    }
    if (!failure) {
        news = x->news;
        x->news = 0;
        x->woken = false;
    }
    pthread_mutex_unlock(&x->lock);
    return news;
}

static void take_frame(fl_x11 *x, fl_x11_frame *frame)
{
    const fl_x11_frame *made = &x->frame;

    memcpy(frame, made, offsetof(fl_x11_frame, rects) + (size_t)made->n_rects * sizeof(fl_rect));
    if (x->handed == frame->memory)
        return;
    fl_x11_memory_hold(frame->memory);
    fl_x11_memory_release(x->handed);
    x->handed = frame->memory;
}

int fl_x11_next(fl_x11 *x, int64_t timeout_ns, fl_x11_frame *frame)
{
    waiting wait = {.deadline_ns = -1, .grace_ns = -1};
    int result, news;

    if (!x || !frame)
        return -EINVAL;
    if (timeout_ns >= 0)
        wait.deadline_ns = fl_x11_now() + timeout_ns;
    come(x);
    result = await_frame(x, &wait);
    if (result > 0)
        take_frame(x, frame);
    news = leave(x, result < 0 ? result : 0);
    return result < 0 ? result : result > 0 ? news | FL_X11_FRAME : news;
}

void fl_x11_wake(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->woken = true;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->consumer_fd);
}
