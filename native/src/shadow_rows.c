/* The sums of a shadow's rows, and the digest that is made of them. */
#include "shadow.h"

static void sum_run(const uint8_t *image, ptrdiff_t stride, int h, const fl_tile *run, int step, uint64_t *rows)
{
    uint64_t *sums = rows + fl_rows_at(h, run) - run->y;
    for (int y = (run->y + step - 1) / step * step; y < run->y + run->h; y += step) {
        const uint8_t *row = image + y * stride + (ptrdiff_t)run->x * 4;
        fl_kernels.row_sums(row, run->w, sums + y, h);
        fl_look_ahead(row, stride, step, run->w);
    }
}

void fl_sum_rows(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *marks, int step, uint64_t *rows)
{
    int index = 0;
    fl_tile run;
    while (fl_next_run(marks, w, h, &index, &run))
        sum_run(image, stride, h, &run, step, rows);
}

void fl_know_rows(fl_shadow *shadow, uint8_t *marks)
{
    const int n = fl_tile_count(shadow->w) * fl_tile_count(shadow->h);
    for (int i = 0; i < n; i++)
        marks[i] = marks[i] && shadow->known[i] != FL_ROWS_KNOWN;
    fl_sum_rows(shadow->pixels, shadow->stride, shadow->w, shadow->h, marks, 1, shadow->rows);
    for (int i = 0; i < n; i++) {
        if (marks[i])
            shadow->known[i] = FL_ROWS_KNOWN;
    }
}

static void adopt_tile(fl_shadow *shadow, const fl_search *s, const fl_tile *t, uint8_t state)
{
    const size_t at = fl_rows_at(shadow->h, t);
    memcpy(shadow->rows + at, s->after_rows + at, (size_t)t->h * sizeof(uint64_t));
    shadow->known[t->index] = state;
}

void fl_adopt_rows(fl_shadow *shadow, const fl_search *s, const uint8_t *tiles)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
            const fl_tile t = fl_tile_at(column, row, s->w, s->h);
            if (s->movable[t.index])
                adopt_tile(shadow, s, &t, tiles[t.index] ? FL_ROWS_PROMISED : FL_ROWS_KNOWN);
        }
    }
}

/* ---- the digest ----------------------------------------------------------------------------------------------------- */

/* So many tiles are folded side by side: each fold waits for the one before it. */
enum { ABREAST = 6 };

typedef struct batch {
    fl_tile tiles[ABREAST];
    int n;
} batch;

/* Fold the rows that all tiles of a batch have, then what some have more. */
static void hash_tiles(const fl_shadow *shadow, const batch *b, uint64_t hashes[ABREAST])
{
    const uint64_t *rows[ABREAST];
    int least = FL_TILE;
    for (int i = 0; i < ABREAST; i++) {
        const fl_tile *t = b->tiles + (i < b->n ? i : 0);
        rows[i] = shadow->rows + fl_rows_at(shadow->h, t);
        hashes[i] = fl_hash_start(t->w, t->h);
        least = fl_min(least, t->h);
    }
    for (int y = 0; y < least; y++) {
        for (int i = 0; i < ABREAST; i++)
            hashes[i] = fl_hash_fold(hashes[i], rows[i][y]);
    }
    for (int i = 0; i < b->n; i++) {
        for (int y = least; y < b->tiles[i].h; y++)
            hashes[i] = fl_hash_fold(hashes[i], rows[i][y]);
    }
}

/* Bind a tile's hash to its place, so that two tiles that change places change the digest. */
static uint64_t mix(uint64_t hash, int index)
{
    uint64_t z = hash ^ (uint64_t)(index + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void digest_tiles(const fl_shadow *shadow, batch *b, uint64_t *mixed, uint64_t *digest)
{
    uint64_t hashes[ABREAST];
    hash_tiles(shadow, b, hashes);
    for (int i = 0; i < b->n; i++) {
        const int index = b->tiles[i].index;
        const uint64_t now = mix(hashes[i], index);
        *digest ^= mixed[index] ^ now;
        mixed[index] = now;
    }
    b->n = 0;
}

int fl_shadow_digest(fl_shadow *shadow, uint8_t *stale, uint64_t *mixed, uint64_t *digest)
{
    if (!fl_valid_shadow(shadow) || !stale || !mixed || !digest)
        return -EINVAL;
    const size_t count = (size_t)fl_tile_count(shadow->w) * (size_t)fl_tile_count(shadow->h);
    uint8_t unknown[FL_MAX_TILES];
    int index = 0;
    batch b = {.n = 0};
    memcpy(unknown, stale, count);
    fl_know_rows(shadow, unknown);
    while (fl_next_tile(stale, shadow->w, shadow->h, &index, b.tiles + b.n)) {
        if (++b.n == ABREAST)
            digest_tiles(shadow, &b, mixed, digest);
    }
    if (b.n)
        digest_tiles(shadow, &b, mixed, digest);
    memset(stale, 0, count);
    return 0;
}
