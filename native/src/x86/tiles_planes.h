/* The walk along rows of pixels that all widths of vector share. Whoever includes it defines before: vector, vectors,
 * pairs, LANES (the pixels in a vector), spread(), split(), samples(), store(), side_by_side() and chroma_samples(). */

typedef struct four {
    pairs a, b, c, d;
} four;

static inline four split_four(const uint8_t *row)
{
    return (four){split(row), split(row + 4 * LANES), split(row + 8 * LANES), split(row + 12 * LANES)};
}

static inline void store_plane(uint8_t *to, const four *p, vectors weights)
{
    store(to, samples(p->a, weights), samples(p->b, weights), samples(p->c, weights), samples(p->d, weights));
}

static inline void rows_nv12(const uint8_t *upper, const uint8_t *lower, int w, uint8_t *luma, uint8_t *lower_luma,
                             uint8_t *chroma)
{
    const vectors light = spread(&fl_luma);
    const vector blue = side_by_side(spread(&fl_blue)), red = side_by_side(spread(&fl_red));
    int x = 0;
    for (; x + 4 * LANES <= w; x += 4 * LANES) {
        const four one = split_four(upper + 4 * x), other = split_four(lower + 4 * x);
        store_plane(luma + x, &one, light);
        store_plane(lower_luma + x, &other, light);
        store(chroma + x, chroma_samples(one.a, other.a, blue, red), chroma_samples(one.b, other.b, blue, red),
              chroma_samples(one.c, other.c, blue, red), chroma_samples(one.d, other.d, blue, red));
    }
    fl_rows_nv12_scalar(upper + 4 * x, lower + 4 * x, w - x, luma + x, lower_luma + x, chroma + x);
}

static inline void row_yuv444(const uint8_t *row, int w, uint8_t *y, uint8_t *u, uint8_t *v)
{
    const vectors light = spread(&fl_luma), blue = spread(&fl_blue), red = spread(&fl_red);
    int x = 0;
    for (; x + 4 * LANES <= w; x += 4 * LANES) {
        const four p = split_four(row + 4 * x);
        store_plane(y + x, &p, light);
        store_plane(u + x, &p, blue);
        store_plane(v + x, &p, red);
    }
    fl_row_yuv444_scalar(row + 4 * x, w - x, y + x, u + x, v + x);
}
