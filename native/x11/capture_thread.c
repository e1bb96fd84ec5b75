/* The capture thread: events in, reads while the consumer waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include <xcb/randr.h>
#include <xcb/xinput.h>

#include "capture.h"

void fl_x11_signal(int fd)
{
    eventfd_write(fd, 1);
}

void fl_x11_unsignal(int fd)
{
    eventfd_t count;

    eventfd_read(fd, &count);
}

/* Grow the box of damage. Each event tells all the damage since the last subtraction, so the last says the most. */
static void note_damage(fl_x11 *x, const xcb_generic_event_t *event)
{
    const xcb_rectangle_t *area = &((const xcb_damage_notify_event_t *)event)->area;

    /* What was on its way while the damage was subtracted has been read since. */
    if ((int32_t)(event->full_sequence - x->todo.subtracted) < 0)
        return;
    if (!x->todo.damage)
        x->todo.damaged_at_ns = fl_x11_now();
    x->todo.damage = true;
    x->todo.box = (fl_rect){area->x, area->y, area->width, area->height};
}

static void take_event(fl_x11 *x, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;

    if (type == x->damage_notify)
        note_damage(x, event);
    else if (type == x->cursor_notify)
        x->todo.cursor = true;
    else if (type == XCB_GE_GENERIC && ((const xcb_ge_generic_event_t *)event)->extension == x->xinput)
        x->todo.pointer = true;
    else if (type == XCB_CONFIGURE_NOTIFY || type == x->screen_notify)
        x->todo.geometry = true;
}

static void drain(fl_x11 *x)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(x->c)) != NULL) {
        take_event(x, event);
        free(event);
    }
}

int fl_x11_take_events(fl_x11 *x)
{
    int code = 0;

    drain(x);
    while (!code && x->todo.geometry) {
        code = fl_x11_measure(x);
        drain(x);
    }
    return code;
}

/* The moment after which the next read may come: on average one an interval, and after a rest two at once. One would
 * hold back a screen that changes just as often, but out of step, by as much as an interval for every frame. */
static int64_t next_due(int64_t due, int64_t now, int64_t interval)
{
    return due + interval > now ? due + interval : now;
}

void fl_x11_tell(fl_x11 *x, int news, int failure)
{
    pthread_mutex_lock(&x->lock);
    x->news |= news;
    if (failure && !x->failure)
        x->failure = failure;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->consumer_fd);
}

/* Take the picture, unless the consumer has just given up waiting. */
static bool begin_read(fl_x11 *x)
{
    bool may;

    pthread_mutex_lock(&x->lock);
    may = x->waiting && x->phase == FL_FREE;
    if (may)
        x->phase = FL_READING;
    pthread_mutex_unlock(&x->lock);
    return may;
}

static void end_read(fl_x11 *x, int code)
{
    pthread_mutex_lock(&x->lock);
    x->phase = code > 0 ? FL_READY : FL_FREE;
    if (code < 0)
        x->failure = code;
    pthread_mutex_unlock(&x->lock);
    fl_x11_signal(x->consumer_fd);
}

static void read_frame(fl_x11 *x, int64_t now)
{
    int code;

    if (!begin_read(x))
        return;
    code = fl_x11_read(x);
    /* A postponed read counts too, or a screen that cannot be read would be asked without pause. */
    if (code > 0 || x->todo.everything)
        x->todo.read_due_ns = next_due(x->todo.read_due_ns, now, x->interval_ns);
    x->todo.pointer_due_ns = next_due(x->todo.pointer_due_ns, now, x->interval_ns);
    end_read(x, code);
}

static void watch_pointer(fl_x11 *x, int64_t now)
{
    int news = fl_x11_hear_pointer(x, fl_x11_ask_pointer(x));

    x->todo.pointer_due_ns = next_due(x->todo.pointer_due_ns, now, x->interval_ns);
    if (news)
        fl_x11_tell(x, news, 0);
}

/* Do one thing that is due. Returns 0 when something was done, the nanoseconds until something is due, or -1. */
static int64_t serve(fl_x11 *x)
{
    int64_t now = fl_x11_now(), due = INT64_MAX;

    if (x->todo.damage) {
        if (now >= x->todo.read_due_ns) {
            read_frame(x, now);
            return 0;
        }
        due = x->todo.read_due_ns;
    }
    if (x->todo.pointer || x->todo.cursor) {
        if (now >= x->todo.pointer_due_ns) {
            watch_pointer(x, now);
            return 0;
        }
        due = x->todo.pointer_due_ns < due ? x->todo.pointer_due_ns : due;
    }
    return due == INT64_MAX ? -1 : due - now;
}

static bool consumer_waits(fl_x11 *x)
{
    bool waits;

    pthread_mutex_lock(&x->lock);
    waits = x->waiting && x->phase == FL_FREE;
    pthread_mutex_unlock(&x->lock);
    return waits;
}

static void nothing_to_read(fl_x11 *x)
{
    bool hurried;

    pthread_mutex_lock(&x->lock);
    x->looked = true;
    hurried = x->hurried;
    pthread_mutex_unlock(&x->lock);
    if (hurried)
        fl_x11_signal(x->consumer_fd);
}

static void sleep_until_something(fl_x11 *x, int64_t timeout_ns)
{
    struct pollfd fds[] = {{xcb_get_file_descriptor(x->c), POLLIN, 0}, {x->thread_fd, POLLIN, 0}};
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};

    ppoll(fds, 2, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (fds[1].revents)
        fl_x11_unsignal(x->thread_fd);
}

static bool is_stopped(fl_x11 *x)
{
    bool over;

    pthread_mutex_lock(&x->lock);
    over = x->stopped || x->failure;
    pthread_mutex_unlock(&x->lock);
    return over;
}

void *fl_x11_thread(void *argument)
{
    fl_x11 *x = argument;

    while (!is_stopped(x)) {
        int64_t timeout_ns = -1;
        int code;
        /* Asked first: what was drawn before the consumer came is then among the events. */
        bool waits = consumer_waits(x);

        xcb_flush(x->c);
        code = fl_x11_take_events(x);
        if (xcb_connection_has_error(x->c))
            code = -EPIPE;
        if (code) {
            fl_x11_tell(x, 0, code);
            break;
        }
        if (waits) {
            timeout_ns = serve(x);
            /* Answers may have brought events with them, which no poll() would show. */
            if (timeout_ns == 0)
                continue;
            nothing_to_read(x);
        }
        sleep_until_something(x, timeout_ns);
    }
    return NULL;
}
