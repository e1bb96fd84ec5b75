/* The runs of one colour in a tile. */
#include "tiles_runs.h"

int fl_tile_runs_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint32_t *runs)
{
    int n = 0, last = 0;
    uint32_t colour = 0;
    for (int y = 0; y < h; y++, image += stride) {
        bool begins = !y || fl_run_must_end(y * w, last, w);
        for (int x = 0; x < w; x++, begins = false) {
            const uint32_t pixel = fl_load_pixel(image + 4 * x);
            if (pixel == colour && !begins)
                continue;
            colour = pixel;
            last = y * w + x;
            runs[n++] = pixel | (uint32_t)last << 24;
        }
    }
    return fl_close_runs(runs, n, w * h);
}
