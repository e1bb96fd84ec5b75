/* Where the colour changes along a row: runs start there. */
#include "internal.h"

static uint64_t row_edges(const uint8_t *row, int w)
{
    uint64_t edges = 1;
    for (int x = 1; x < w; x++)
        edges |= (uint64_t)(fl_load_pixel(row + 4 * x) != fl_load_pixel(row + 4 * x - 4)) << x;
    return edges;
}

void fl_tile_edges_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *edges)
{
    for (int y = 0; y < h; y++)
        edges[y] = row_edges(image + y * stride, w);
}
