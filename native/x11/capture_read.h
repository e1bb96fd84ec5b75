/* What the files that read damage share: one sets out (capture_read), one hears the answers (capture_trip), one knows what
 * was damaged (capture_damage), one which pixels to ask for (capture_requests). All of it is the owner's. */
#ifndef FL_X11_CAPTURE_READ_H
#define FL_X11_CAPTURE_READ_H

#include "capture.h"

static inline bool fl_x11_is_empty(fl_rect r)
{
    return r.w <= 0 || r.h <= 0;
}

/* Make `r` the box round both. */
void fl_x11_grow(fl_rect *r, const fl_rect *other);

bool fl_x11_contains(const fl_rect *r, const fl_rect *inner);

/* Whether a guess of this box may be wrong: the server copies it in less than a round trip takes. */
bool fl_x11_is_small(fl_rect box);

/* ---- damage ------------------------------------------------------------------------------------------------------- */

/* Turn a rectangle of the screen into one of the trip's area. */
fl_rect fl_x11_in_area(const fl_x11 *x, fl_rect of_screen);

/* Add to the frame's rectangles, unless it is empty. */
void fl_x11_add_rect(fl_x11 *x, fl_rect of_area);

/* Let the server forget the damage and put it aside; ask for what was put aside; move the answer into the frame's
 * rectangles. One place is left for what was read too early. */
void fl_x11_subtract_damage(fl_x11 *x);
void fl_x11_fetch_damage(fl_x11 *x);
void fl_x11_take_damage(fl_x11 *x, xcb_xfixes_fetch_region_reply_t *reply);

/* ---- requests for pixels -------------------------------------------------------------------------------------------- */

/* Ask for boxes round the frame's rectangles, and send it all. */
void fl_x11_ask_boxes(fl_x11 *x);

/* Ask for all pixels together with the damage: one round trip instead of two. No damage leaves the whole picture. */
void fl_x11_ask_everything(fl_x11 *x, fl_rect box);
void fl_x11_drop_everything(fl_x11 *x);

/* Ask for the pixels of the box that damage events spoke of: the damage need not be fetched. */
void fl_x11_guess_pixels(fl_x11 *x, fl_rect box);

/* Whether all that was damaged lies in the box that was guessed. If not, ask for all of it: for the box round it, or, since
 * little that lies far apart has a large one, for the damage itself. */
bool fl_x11_guessed_right(fl_x11 *x);

/* Copy the frame's rectangles in the box of a request from aside to their place. */
void fl_x11_put_in_place(fl_x11 *x, const fl_x11_request *q);

/* ---- the frame -------------------------------------------------------------------------------------------------------- */

/* Ask for the damage. The pointer's answers come along, so a screen that never rests does not hide it. */
void fl_x11_ask_all(fl_x11 *x);

/* A read is over, with a frame or without. */
void fl_x11_count_read(fl_x11 *x);
void fl_x11_end_frame(fl_x11 *x);

/* Read the frame's rectangles out of the mapped framebuffer; or look whether what was read before the damage was subtracted
 * is right: unless something was drawn in between. */
void fl_x11_read_mapped(fl_x11 *x);
void fl_x11_look_again(fl_x11 *x);

#endif
