/* The consumer's side of capture: waiting for something new, and looking at what is known. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "capture.h"

/* How long a consumer whose time is over still waits for the end of a read. */
#define GRACE_NS 100000000

/* Sleep until the thread signals or `deadline_ns` (negative: none) comes. 0, -ETIMEDOUT or -EINTR. */
static int sleep_until(fl_x11 *x, int64_t deadline_ns)
{
    struct pollfd fd = {x->consumer_fd, POLLIN, 0};
    int64_t left = deadline_ns - fl_x11_now();
    struct timespec timeout;
    int ready;

    left = left > 0 ? left : 0;
    timeout = (struct timespec){left / 1000000000, left % 1000000000};
    ready = ppoll(&fd, 1, deadline_ns < 0 ? NULL : &timeout, NULL);
    if (ready < 0)
        return -EINTR;
    if (ready == 0)
        return -ETIMEDOUT;
    fl_x11_unsignal(x->consumer_fd);
    return 0;
}

static int take_frame(fl_x11 *x, fl_x11_frame *frame)
{
    *frame = x->frame;
    if (x->handed != frame->memory) {
        fl_x11_memory_hold(frame->memory);
        fl_x11_memory_release(x->handed);
        x->handed = frame->memory;
    }
    x->phase = FL_FREE;
    return FL_X11_FRAME;
}

/* One call of fl_x11_next(). */
typedef struct waiting {
    int64_t deadline_ns;
    bool timed_out, interrupted;
    bool hurried;  /* there is a reason to leave */
    bool given_up; /* and the server does not even finish a read */
} waiting;

/* What there is to return now, or -EAGAIN to go on waiting. A timeout waits for the thread to have looked once, so that
 * even a timeout of 0 brings a frame that is there. Locked. */
static int look(fl_x11 *x, const waiting *wait, fl_x11_frame *frame)
{
    int result = 0;

    if (x->phase == FL_READY)
        result = take_frame(x, frame);
    else if (x->phase == FL_READING && !wait->given_up)
        return -EAGAIN;
    else if (x->failure)
        return x->failure;
    else if (wait->interrupted)
        return -EINTR;
    else if (!x->woken && !x->news && !(wait->timed_out && x->looked) && !wait->given_up)
        return -EAGAIN;
    result |= x->news;
    x->news = 0;
    x->woken = false;
    return result;
}

/* With a reason to leave, and the thread or the server still to be heard: wait for them, but only so long. Locked. */
static void hurry(fl_x11 *x, waiting *wait)
{
    if (wait->hurried || !(x->woken || wait->timed_out || wait->interrupted))
        return;
    wait->hurried = x->hurried = true;
    wait->deadline_ns = fl_x11_now() + GRACE_NS;
    fl_x11_signal(x->thread_fd);
}

static int look_locked(fl_x11 *x, waiting *wait, fl_x11_frame *frame)
{
    int result;

    pthread_mutex_lock(&x->lock);
    result = look(x, wait, frame);
    if (result == -EAGAIN)
        hurry(x, wait);
    else
        x->waiting = false;
    pthread_mutex_unlock(&x->lock);
    return result;
}

static void begin_waiting(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->waiting = true;
    x->looked = x->hurried = false;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->thread_fd);
}

int fl_x11_next(fl_x11 *x, int64_t timeout_ns, fl_x11_frame *frame)
{
    waiting wait = {.deadline_ns = -1};
    int result;

    if (!x || !frame)
        return -EINVAL;
    if (timeout_ns >= 0)
        wait.deadline_ns = fl_x11_now() + timeout_ns;
    begin_waiting(x);
    while ((result = look_locked(x, &wait, frame)) == -EAGAIN) {
        int slept = sleep_until(x, wait.deadline_ns);

        wait.given_up |= slept == -ETIMEDOUT && wait.hurried;
        wait.timed_out |= slept == -ETIMEDOUT;
        wait.interrupted |= slept == -EINTR;
    }
    return result;
}

void fl_x11_wake(fl_x11 *x)
{
    pthread_mutex_lock(&x->lock);
    x->woken = true;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->consumer_fd);
}

void fl_x11_size(fl_x11 *x, int32_t *w, int32_t *h)
{
    pthread_mutex_lock(&x->lock);
    *w = x->w;
    *h = x->h;
    pthread_mutex_unlock(&x->lock);
}

int fl_x11_is_mapped(fl_x11 *x, char *why, int why_size)
{
    int mapped;

    pthread_mutex_lock(&x->lock);
    mapped = x->is_mapped;
    fl_because((fl_why){why, why_size}, 0, "%s", x->unmapped);
    pthread_mutex_unlock(&x->lock);
    return mapped;
}

int fl_x11_pointer(fl_x11 *x, int32_t *px, int32_t *py)
{
    int on_screen;

    pthread_mutex_lock(&x->lock);
    on_screen = x->sprite.on_screen;
    *px = x->sprite.x;
    *py = x->sprite.y;
    pthread_mutex_unlock(&x->lock);
    return on_screen;
}

int fl_x11_cursor_shape(fl_x11 *x, fl_x11_cursor *shape, uint8_t *pixels, int32_t capacity)
{
    int length;

    pthread_mutex_lock(&x->lock);
    *shape = x->sprite.shape;
    length = shape->w * shape->h * 4;
    if (length > capacity)
        length = -ENOSPC;
    else if (length)
        memcpy(pixels, x->sprite.pixels, (size_t)length);
    pthread_mutex_unlock(&x->lock);
    return length;
}
