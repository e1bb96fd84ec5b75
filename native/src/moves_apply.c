/* Moving rectangles inside a picture. */
#include "internal.h"

void fl_move_pixels(uint8_t *image, ptrdiff_t stride, const fl_move *move)
{
    uint8_t *target = image + move->y * stride + (ptrdiff_t)move->x * 4;
    const uint8_t *source = image + move->src_y * stride + (ptrdiff_t)move->src_x * 4;
    if (move->y > move->src_y) {
        /* Downwards: the last row first, since a row may be written over one still to be read. */
        target += (move->h - 1) * stride;
        source += (move->h - 1) * stride;
        stride = -stride;
    }
    for (int y = 0; y < move->h; y++)
        memmove(target + y * stride, source + y * stride, (size_t)move->w * 4);
}

static bool move_inside(const fl_move *m, int w, int h)
{
    return fl_rect_inside(m->x, m->y, m->w, m->h, w, h) && fl_rect_inside(m->src_x, m->src_y, m->w, m->h, w, h);
}

int fl_moves_apply(uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n)
{
    if (!fl_valid_picture(image, stride, w, h) || n < 0 || (n > 0 && !moves))
        return -EINVAL;
    for (int i = 0; i < n; i++) {
        if (!move_inside(moves + i, w, h))
            return -EINVAL;
    }
    for (int i = 0; i < n; i++)
        fl_move_pixels(image, stride, moves + i);
    return 0;
}
