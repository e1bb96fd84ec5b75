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
    fl_tile run;
    while (fl_next_run(tiles, w, h, &index, &run)) {
        const uint8_t *from = fl_tile_pixels(source, source_stride, &run);
        uint8_t *to = target + run.y * target_stride + (ptrdiff_t)run.x * 4;
        for (int y = 0; y < run.h; y++)
            fl_kernels.span_copy(from + y * source_stride, to + y * target_stride, run.w);
    }
    return 0;
}
