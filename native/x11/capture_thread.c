/* The capture thread: it minds the connection while no consumer is inside, and runs errands. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "capture.h"

/* How long the thread leaves events alone that come while nobody reads; the first has been noted by then. */
#define PAUSE_MS 100

void fl_x11_signal(int fd)
{
    eventfd_write(fd, 1);
}

void fl_x11_unsignal(int fd)
{
    eventfd_t count;

    eventfd_read(fd, &count);
}

void fl_x11_mind(fl_x11 *x, bool on)
{
    /* A dead connection is told whatever is asked for, so that must be told once only. */
    struct epoll_event event = {.events = EPOLLONESHOT | (on ? EPOLLIN : 0), .data.fd = xcb_get_file_descriptor(x->c)};

    epoll_ctl(x->minded_fd, EPOLL_CTL_MOD, event.data.fd, &event);
}

/* Sleep until the server, or the consumer, says something. True: it may be the server. */
static bool sleep_until_something(fl_x11 *x, int timeout_ms)
{
    struct epoll_event events[2];
    const int n = epoll_wait(x->minded_fd, events, 2, timeout_ms);
    bool server = n <= 0;

    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == x->thread_fd)
            fl_x11_unsignal(x->thread_fd);
        else
            server = true;
    }
    return server;
}

/* What the thread is to do now. */
enum work { NOTHING, LOOK, ERRAND };

static enum work take_over(fl_x11 *x)
{
    enum work work = NOTHING;

    pthread_mutex_lock(&x->lock);
    if (x->owner == FL_NOBODY) {
        x->owner = FL_THREAD;
        work = LOOK;
    } else if (x->owner == FL_THREAD) {
        work = ERRAND;
    }
    pthread_mutex_unlock(&x->lock);
    return work;
}

/* Give the connection back. `quiet`: the server says nothing more just now. */
static void hand_back(fl_x11 *x, int failure, bool quiet)
{
    pthread_mutex_lock(&x->lock);
    x->owner = FL_NOBODY;
    if (failure && !x->failure)
        x->failure = failure;
    if (x->waiting)
        fl_x11_signal(x->consumer_fd);
    else if (quiet)
        fl_x11_mind(x, true);
    pthread_mutex_unlock(&x->lock);
}

/* Take events, and look where the area is when they speak of that. Returns how many came, or why capturing is over. */
static int take_events(fl_x11 *x)
{
    int code = 0, n;

    xcb_flush(x->c);
    n = fl_x11_take_events(x);
    while (!code && x->todo.geometry) {
        code = fl_x11_measure(x);
        n += fl_x11_take_events(x);
    }
    if (fl_x11_is_dead(x))
        code = -EPIPE;
    return code ? code : n;
}

static int run_errand(fl_x11 *x)
{
    int code = take_events(x);

    if (code < 0 || !x->todo.misfit)
        return code;
    code = fl_x11_fit(x);
    x->todo.misfit = false;
    return code;
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
    int timeout_ms = -1;

    while (!is_stopped(x)) {
        const bool server = sleep_until_something(x, timeout_ms);
        const enum work work = take_over(x);
        int code;

        timeout_ms = -1;
        if (work == NOTHING)
            continue;
        code = work == ERRAND ? run_errand(x) : take_events(x);
        /* More of what came would only wake the thread again and again. */
        if (code > 0 && work == LOOK && server)
            timeout_ms = PAUSE_MS;
        hand_back(x, code < 0 ? code : 0, timeout_ms < 0);
    }
    return NULL;
}
