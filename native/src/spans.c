/* Comparing and copying a row of pixels of any width. */
#include "internal.h"

bool fl_span_equal_scalar(const uint8_t *a, const uint8_t *b, int w)
{
    uint32_t difference = 0;
    for (int x = 0; x < w; x++)
        difference |= fl_load_pixel(a + 4 * x) ^ fl_load_pixel(b + 4 * x);
    return !difference;
}

void fl_span_copy_scalar(const uint8_t *source, uint8_t *target, int w)
{
    for (int x = 0; x < w; x++)
        fl_store_pixel(target + 4 * x, fl_load_pixel(source + 4 * x));
}
