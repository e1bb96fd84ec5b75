/* From waking up to an update in one call: capture, and the tile lane on what it brings. */
#include <errno.h>

#include "capture.h"

int fl_x11_next_update(fl_x11 *x, int64_t timeout_ns, fl_x11_frame *frame, fl_lane *lane, int max_moves, int most)
{
    int news;

    if (!x || !lane || !lane->shadow)
        return -EINVAL;
    news = fl_x11_next(x, timeout_ns, frame);
    if (news < 0 || !(news & FL_X11_FRAME))
        return news;
    if (frame->w != lane->shadow->w || frame->h != lane->shadow->h)
        lane->length = -ESTALE;
    else
        fl_lane_update(lane, frame->pixels, frame->stride, frame->rects, frame->n_rects, max_moves, most);
    return news;
}
