/* The tile hash, as docs/tile-stream.md defines it. */
#include "internal.h"

enum { GLANCE_STEP = 8 };

/* The upper halves of splitmix64's first 64 outputs from seed 0. None has 0x00 or 0xFF on top, so that a key plus a
 * colour is never 0 and never wraps. */
const uint32_t fl_hash_keys[FL_TILE] = {
    0xE220A839, 0x6E789E6A, 0x06C45D18, 0xF88BB8A8, 0x1B39896A, 0x53CB9F0C, 0x2C829ABE, 0xC584133A,
    0x3EE57890, 0xF3B8488C, 0x657EECDD, 0xC2D326E0, 0x8621A03F, 0x8E1F7555, 0xB54E0F16, 0x84BB3F97,
    0x7D29825C, 0xC3CF1710, 0x3466E9A0, 0xD81A8D2B, 0xDB01602B, 0xA9038A92, 0xEDF5F1D9, 0x54496AD6,
    0xDD7C01D4, 0x935E82F1, 0x69B82EBC, 0x40D29EB5, 0xA2F09DAB, 0xEE521D7A, 0xF16952EE, 0x377D35DE,
    0x0C7DE806, 0x05582D37, 0xD254741F, 0x69630F75, 0x417EF961, 0x3C3C41A3, 0x6E19905D, 0x4FA9FA73,
    0x84EB4454, 0x134F7096, 0x07DC930B, 0x12C015A9, 0xCC06C316, 0xECEE6563, 0x3E84ECB1, 0x690ED476,
    0x774615D7, 0x22B353F0, 0xE3DDD86B, 0xDF268ADE, 0x2098EB73, 0x03D68453, 0xC952C562, 0x9B196BCA,
    0x30260345, 0xCF448A58, 0xF4A578DC, 0xBFDEAED9, 0xED79402D, 0x55F070AB, 0x3E00A349, 0xE255B237,
};

uint64_t fl_row_sum(const uint8_t *row, int w)
{
    uint64_t sum = 0;
    int x = 0;
    for (; x + 1 < w; x += 2)
        sum += (uint64_t)(fl_load_pixel(row + 4 * x) + fl_hash_keys[x]) *
               (fl_load_pixel(row + 4 * x + 4) + fl_hash_keys[x + 1]);
    if (x < w)
        sum += (uint64_t)(fl_load_pixel(row + 4 * x) + fl_hash_keys[x]) * fl_hash_keys[x + 1];
    return sum;
}

uint64_t fl_row_ink(const uint8_t *row, int w, uint32_t ground)
{
    uint64_t ink = 0;
    for (int x = 0; x < w; x++)
        ink |= (uint64_t)(fl_load_pixel(row + 4 * x) != ground) << x;
    return ink;
}

void fl_tile_rows_scalar(const uint8_t *image, ptrdiff_t stride, int w, int h, uint64_t *rows)
{
    for (int y = 0; y < h; y++)
        rows[y] = fl_row_sum(image + y * stride, w);
}

void fl_row_sums_scalar(const uint8_t *row, int w, uint64_t *sums, ptrdiff_t stride)
{
    for (int x = 0; x < w; x += FL_TILE, sums += stride)
        *sums = fl_row_sum(row + 4 * x, fl_min(FL_TILE, w - x));
}

void fl_row_take_scalar(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride)
{
    fl_span_copy_scalar(source, target, w);
    fl_row_sums_scalar(source, w, sums, stride);
}

void fl_row_take_ink_scalar(const uint8_t *source, uint8_t *target, int w, uint64_t *sums, ptrdiff_t stride,
                            const uint32_t *grounds, uint64_t *ink)
{
    fl_row_take_scalar(source, target, w, sums, stride);
    for (int x = 0; x < w; x += FL_TILE, grounds++, ink += FL_TILE)
        *ink = fl_row_ink(source + (ptrdiff_t)4 * x, fl_min(FL_TILE, w - x), *grounds);
}

/* Fold one row of a run into its tiles' hashes. */
static void fold_row(const uint8_t *row, int w, uint64_t *hashes)
{
    uint64_t sums[FL_MAX_SIDE / FL_TILE];
    fl_kernels.row_sums(row, w, sums, 1);
    for (int i = 0; i < fl_tile_count(w); i++)
        hashes[i] = fl_hash_fold(hashes[i], sums[i]);
}

/* Hash every `step`th row of a run's tiles. */
static void hash_run(const uint8_t *image, ptrdiff_t stride, const fl_tile *run, int step, uint64_t *hashes)
{
    for (int x = 0; x < run->w; x += FL_TILE)
        hashes[x / FL_TILE] = fl_hash_start(fl_min(FL_TILE, run->w - x), run->h);
    for (int y = 0; y < run->h; y += step)
        fold_row(fl_tile_pixels(image, stride, run) + y * stride, run->w, hashes);
}

int fl_tiles_hash(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint64_t *hashes)
{
    if (!fl_valid_picture(image, stride, w, h) || !tiles || !hashes)
        return -EINVAL;
    int index = 0;
    fl_tile run;
    while (fl_next_run(tiles, w, h, &index, &run))
        hash_run(image, stride, &run, 1, hashes + run.index);
    return 0;
}

int fl_tiles_glance(const uint8_t *image, ptrdiff_t stride, int w, int h, uint8_t *tiles, uint64_t *glances)
{
    if (!fl_valid_picture(image, stride, w, h) || !tiles || !glances)
        return -EINVAL;
    uint64_t hashes[FL_MAX_SIDE / FL_TILE];
    int index = 0, changed = 0;
    fl_tile run;
    while (fl_next_run(tiles, w, h, &index, &run)) {
        hash_run(image, stride, &run, GLANCE_STEP, hashes);
        for (int i = 0; i < fl_tile_count(run.w); i++) {
            tiles[run.index + i] = hashes[i] != glances[run.index + i];
            glances[run.index + i] = hashes[i];
            changed += tiles[run.index + i];
        }
    }
    return changed;
}
