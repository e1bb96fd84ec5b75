/* Setting out to read what was damaged, and what a frame is made of: requests to the server, or the mapped framebuffer. */
#include "capture_read.h"

/* ---- the frame ------------------------------------------------------------------------------------------------------ */

static void begin_frame(fl_x11 *x)
{
    fl_x11_frame *frame = &x->frame;

    frame->memory = x->kept.memory ? x->kept.memory : x->picture.memory;
    frame->pixels = fl_x11_memory_pixels(frame->memory);
    frame->changed = x->kept.changed;
    frame->w = x->trip.area.w;
    frame->h = x->trip.area.h;
    frame->stride = x->trip.area.w * 4;
    frame->n_rects = 0;
    frame->damaged_at_ns = x->todo.damaged_at_ns;
}

void fl_x11_count_read(fl_x11 *x)
{
    x->todo.read_due_ns = fl_x11_next_due(x->todo.read_due_ns, x->trip.sent_at_ns, x->interval_ns);
}

void fl_x11_end_frame(fl_x11 *x)
{
    x->trip.framed = true;
    x->frame.captured_at_ns = fl_x11_now();
    fl_x11_count_read(x);
}

/* ---- the mapped framebuffer ----------------------------------------------------------------------------------------- */

static const uint8_t *mapped_area(const fl_x11 *x)
{
    return x->mapped.pixels + x->trip.area.y * x->mapped.stride + (ptrdiff_t)x->trip.area.x * 4;
}

void fl_x11_read_mapped(fl_x11 *x)
{
    if (fl_x11_keep_changed(x, mapped_area(x), x->mapped.stride))
        fl_x11_end_frame(x);
}

static fl_rect bounds_of(const fl_x11_frame *frame)
{
    fl_rect bounds = frame->rects[0];

    for (int i = 1; i < frame->n_rects; i++)
        fl_x11_grow(&bounds, &frame->rects[i]);
    return bounds;
}

void fl_x11_look_again(fl_x11 *x)
{
    if (!x->frame.n_rects || !fl_x11_kept_differs(x, mapped_area(x), x->mapped.stride))
        return;
    x->todo.again = bounds_of(&x->frame);
    if (!x->todo.damage)
        x->todo.damaged_at_ns = x->trip.sent_at_ns;
    x->todo.damage = true;
}

/* ---- setting out ---------------------------------------------------------------------------------------------------- */

static void depart(fl_x11 *x)
{
    x->trip = (fl_x11_trip){.area = x->area, .sent_at_ns = fl_x11_now()};
}

static void ask_pointer(fl_x11 *x)
{
    x->todo.pointer_due_ns = fl_x11_next_due(x->todo.pointer_due_ns, x->trip.sent_at_ns, x->interval_ns);
    x->trip.question = fl_x11_ask_pointer(x);
}

void fl_x11_set_out_for_pointer(fl_x11 *x)
{
    depart(x);
    ask_pointer(x);
    x->trip.stage = FL_PLACE;
    xcb_flush(x->c);
}

/* The damage is subtracted before the pixels are read, so what is drawn during the read is damage again. */
void fl_x11_ask_all(fl_x11 *x)
{
    ask_pointer(x);
    fl_x11_subtract_damage(x);
    fl_x11_fetch_damage(x);
}

/* Ask for the pixels of a small box. Where the pointer stands is not worth that somebody waits for it: that is asked
 * afterwards, or with the next box, which may come so soon that there is no afterwards. */
static void ask_box(fl_x11 *x, fl_rect box)
{
    if (x->todo.pointer || x->todo.cursor)
        ask_pointer(x);
    else
        x->todo.pointer = true;
    fl_x11_guess_pixels(x, box);
}

/* Read a small box of a mapped framebuffer. If that makes a frame, the server is told when the consumer comes back. */
static int read_early(fl_x11 *x, fl_rect box)
{
    x->trip.early = true;
    x->trip.stage = FL_UNASKED;
    x->todo.again = (fl_rect){0};
    fl_x11_add_rect(x, box);
    fl_x11_read_mapped(x);
    return x->trip.framed ? 1 : fl_x11_go_on(x);
}

static bool is_all(const fl_x11 *x, fl_rect box)
{
    return box.w == x->trip.area.w && box.h == x->trip.area.h;
}

int fl_x11_set_out_to_read(fl_x11 *x)
{
    fl_rect box;

    depart(x);
    box = fl_x11_in_area(x, x->todo.box);
    if (!fl_x11_is_empty(x->todo.again) && !fl_x11_is_empty(box))
        fl_x11_grow(&box, &x->todo.again);
    else if (fl_x11_is_empty(box))
        box = x->todo.again;
    x->trip.everything = x->todo.everything;
    begin_frame(x);
    x->todo.damage = x->todo.everything = false;
    x->todo.box = (fl_rect){0};
    if (x->mapped.pixels && !x->trip.everything && fl_x11_is_small(box))
        return read_early(x, box);
    if (!x->trip.everything && fl_x11_is_small(box))
        ask_box(x, box);
    else
        fl_x11_ask_all(x);
    if (!x->trip.n && !x->mapped.pixels && !x->trip.everything && is_all(x, box))
        fl_x11_ask_everything(x, box);
    xcb_flush(x->c);
    return 0;
}
