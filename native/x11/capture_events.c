/* What the server says by itself, noted as what is to be done about it. */
#include <stdlib.h>

#include "capture.h"

/* Each event tells all the damage since the last subtraction, so the last says the most. */
static void note_damage(fl_x11 *x, const xcb_generic_event_t *event)
{
    const xcb_rectangle_t *area = &((const xcb_damage_notify_event_t *)event)->area;

    const fl_rect box = {area->x, area->y, area->width, area->height};

    /* What was on its way while the damage was subtracted belongs to the read that subtracted it. */
    if ((int32_t)(event->full_sequence - x->todo.subtracted) < 0) {
        x->trip.said = box;
        return;
    }
    if (!x->todo.damage)
        x->todo.damaged_at_ns = fl_x11_now();
    x->todo.damage = true;
    x->todo.box = box;
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

/* Take an event, and those that came with it. */
static int take_all(fl_x11 *x, xcb_generic_event_t *event)
{
    int n = 0;

    for (; event; event = xcb_poll_for_queued_event(x->c), n++) {
        take_event(x, event);
        free(event);
    }
    return n;
}

int fl_x11_take_events(fl_x11 *x)
{
    return take_all(x, xcb_poll_for_event(x->c));
}

int fl_x11_take_queued_events(fl_x11 *x)
{
    return take_all(x, xcb_poll_for_queued_event(x->c));
}

bool fl_x11_is_dead(fl_x11 *x)
{
    return xcb_connection_has_error(x->c) != 0;
}

int64_t fl_x11_next_due(int64_t due, int64_t now, int64_t interval)
{
    return due + interval > now ? due + interval : now;
}
