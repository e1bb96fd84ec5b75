/* From waking up to an update in one call: capture, and the tile lane on what it brings. */
#include <errno.h>

#include "capture.h"

static void update(const fl_x11_wait *wait)
{
    const fl_x11_frame *frame = wait->frame;

    if (__atomic_load_n(&wait->closed, __ATOMIC_ACQUIRE) || frame->w != wait->lane->shadow->w ||
        frame->h != wait->lane->shadow->h)
        wait->lane->length = -ESTALE;
    else
        fl_lane_update(wait->lane, frame->pixels, frame->stride, frame->rects, frame->n_rects, wait->max_moves,
                       wait->most);
}

int64_t fl_x11_next_update(fl_x11_wait *wait)
{
    if (!wait || !wait->x || !wait->frame || !wait->lane || !wait->lane->shadow)
        return -EINVAL;
    wait->news = fl_x11_next(wait->x, wait->timeout_ns, wait->frame);
    if (wait->news < 0 || !(wait->news & FL_X11_FRAME))
        return 0;
    update(wait);
    return wait->news == FL_X11_FRAME && wait->lane->length > 0 && !wait->lane->n_moves
               ? FL_LANE_HEAD + wait->lane->length
               : 0;
}
