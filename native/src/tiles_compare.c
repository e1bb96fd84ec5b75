/* Which of the marked tiles differ. */
#include "internal.h"

/* One row at a time: short enough to stop early, long enough for the compiler to vectorise. */
bool fl_tile_equal_scalar(const uint8_t *a, ptrdiff_t a_stride, const uint8_t *b, ptrdiff_t b_stride, int w, int h)
{
    for (int y = 0; y < h; y++) {
        uint32_t difference = 0;
        for (int x = 0; x < w; x++)
            difference |= fl_load_pixel(a + 4 * x) ^ fl_load_pixel(b + 4 * x);
        if (difference)
            return false;
        a += a_stride;
        b += b_stride;
    }
    return true;
}

int fl_tiles_compare(const uint8_t *before, ptrdiff_t before_stride, const uint8_t *after, ptrdiff_t after_stride,
                     int w, int h, uint8_t *tiles)
{
    if (!fl_valid_picture(before, before_stride, w, h) || !fl_valid_picture(after, after_stride, w, h) || !tiles)
        return -EINVAL;
    int marked = 0, index = 0;
    fl_tile t;
    while (fl_next_tile(tiles, w, h, &index, &t)) {
        if (fl_kernels.tile_equal(fl_tile_pixels(before, before_stride, &t), before_stride,
                                  fl_tile_pixels(after, after_stride, &t), after_stride, t.w, t.h))
            tiles[t.index] = 0;
        else
            marked++;
    }
    return marked;
}
