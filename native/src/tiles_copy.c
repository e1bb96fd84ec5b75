/* Taking the marked tiles over from another picture. */
#include "internal.h"

void fl_tile_copy_scalar(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride,
                         int w, int h)
{
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++)
            fl_store_pixel(target + 4 * x, fl_load_pixel(source + 4 * x));
        source += source_stride;
        target += target_stride;
    }
}

int fl_tiles_copy(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                  int h, const uint8_t *tiles)
{
    if (!fl_valid_picture(source, source_stride, w, h) || !fl_valid_picture(target, target_stride, w, h) || !tiles)
        return -EINVAL;
    int index = 0;
    fl_tile t;
    while (fl_next_tile(tiles, w, h, &index, &t)) {
        fl_kernels.tile_copy(fl_tile_pixels(source, source_stride, &t), source_stride,
                             target + t.y * target_stride + (ptrdiff_t)t.x * 4, target_stride, t.w, t.h);
    }
    return 0;
}
