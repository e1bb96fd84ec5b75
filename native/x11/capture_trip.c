/* The trip: a step for each answer of the server, as they come. */
#include <errno.h>
#include <stdlib.h>

#include <xcb/xcbext.h>

#include "capture_read.h"

/* What is left are the pointer's answers, where it was asked for. */
static void end_pixels(fl_x11_trip *trip)
{
    trip->stage = trip->question.place.sequence ? FL_PLACE : FL_HOME;
}

static void hear_damage(fl_x11 *x, xcb_xfixes_fetch_region_reply_t *reply)
{
    fl_x11_trip *trip = &x->trip;

    end_pixels(trip);
    trip->failed = !reply;
    x->frame.n_rects = 0;
    if (reply)
        fl_x11_take_damage(x, reply);
    free(reply);
    if (trip->early) {
        fl_x11_look_again(x);
        return;
    }
    fl_x11_add_rect(x, x->todo.again);
    x->todo.again = (fl_rect){0};
    if (trip->everything) {
        x->frame.rects[0] = (fl_rect){0, 0, x->frame.w, x->frame.h};
        x->frame.n_rects = 1;
    }
    if (trip->failed || !x->frame.n_rects) {
        fl_x11_drop_everything(x);
        return;
    }
    if (x->mapped.pixels) {
        fl_x11_read_mapped(x);
        return;
    }
    if (!trip->n)
        fl_x11_ask_boxes(x);
    trip->stage = FL_PIXELS;
}

static void hear_pixels(fl_x11 *x, xcb_shm_get_image_reply_t *reply)
{
    fl_x11_trip *trip = &x->trip;
    const fl_x11_request *q = &trip->requests[trip->heard++];

    if (!reply)
        trip->failed = true;
    else if (q->aside)
        fl_x11_put_in_place(x, q);
    free(reply);
    if (trip->heard < trip->n)
        return;
    if (trip->guessed && !trip->failed) {
        /* Whatever the server sent before this answer is here. */
        fl_x11_take_queued_events(x);
        if (!fl_x11_guessed_right(x))
            return;
    }
    end_pixels(trip);
    if (!trip->failed &&
        (!x->kept.memory || fl_x11_keep_changed(x, fl_x11_memory_pixels(x->picture.memory), x->frame.stride)))
        fl_x11_end_frame(x);
}

/* A read fails when the screen shrank under it, or its monitor is switched off: look again, then read it all. A frame of
 * an area that is another by now is not handed out either. */
static int come_home(fl_x11 *x)
{
    fl_x11_trip *trip = &x->trip;

    trip->stage = FL_HOME;
    if (trip->failed) {
        x->todo.damage = x->todo.everything = x->todo.geometry = true;
        /* It counts as a read, or a screen that cannot be read would be asked without pause. */
        fl_x11_count_read(x);
    }
    return trip->framed && !trip->early && !x->todo.misfit;
}

static uint32_t sequence_of(const fl_x11_trip *trip)
{
    switch (trip->stage) {
    case FL_DAMAGE:
        return trip->damage.sequence;
    case FL_PIXELS:
        return trip->requests[trip->heard].cookie.sequence;
    case FL_PLACE:
        return trip->question.place.sequence;
    default:
        return trip->question.image.sequence;
    }
}

static void hear(fl_x11 *x, void *reply)
{
    fl_x11_trip *trip = &x->trip;

    switch (trip->stage) {
    case FL_DAMAGE:
        hear_damage(x, reply);
        break;
    case FL_PIXELS:
        hear_pixels(x, reply);
        break;
    case FL_PLACE:
        fl_x11_hear_place(x, reply);
        trip->stage = trip->question.shape ? FL_SHAPE : FL_HOME;
        break;
    default:
        fl_x11_hear_shape(x, reply);
        trip->stage = FL_HOME;
    }
}

int fl_x11_go_on(fl_x11 *x)
{
    void *reply;

    if (x->trip.stage == FL_UNASKED) {
        fl_x11_ask_all(x);
        xcb_flush(x->c);
    }
    while (x->trip.stage != FL_HOME) {
        if (!fl_x11_answered(x, sequence_of(&x->trip), &reply))
            return -EAGAIN;
        hear(x, reply);
    }
    return come_home(x);
}

bool fl_x11_answered(fl_x11 *x, uint32_t sequence, void **reply)
{
    xcb_generic_error_t *error = NULL;
    const int there = xcb_poll_for_reply(x->c, sequence, reply, &error);

    free(error);
    return there;
}
