/* One update of the tile lane. What it calls is all there is to it; but each call from elsewhere costs more than a letter
 * does, when the caches have gone cold. */
#include "internal.h"

static bool valid_lane(const fl_lane *lane)
{
    if (!lane || !lane->shadow || !lane->tiles || !lane->stale || !lane->touched || !lane->out ||
        !fl_valid_size(lane->shadow->w, lane->shadow->h))
        return false;
    const int count = fl_tile_count(lane->shadow->w) * fl_tile_count(lane->shadow->h);
    return lane->capacity >= FL_LANE_HEAD + fl_stream_bound(FL_MAX_MOVES, count);
}

/* Tell what the moves do at the decoder. */
static void note_moves(fl_lane *lane)
{
    lane->move_pixels = 0;
    for (int i = 0; i < lane->n_moves; i++) {
        const fl_move *m = lane->moves + i;
        fl_tiles_mark(&(fl_rect){m->x, m->y, m->w, m->h}, 1, lane->shadow->w, lane->shadow->h, lane->touched);
        lane->move_pixels += (int64_t)m->w * m->h;
    }
}

/* Tell what the tiles do there. Returns how many there are. */
static int note_tiles(fl_lane *lane)
{
    int index = 0, n = 0;
    fl_tile t;
    lane->tile_pixels = 0;
    for (; fl_next_tile(lane->tiles, lane->shadow->w, lane->shadow->h, &index, &t); n++) {
        lane->touched[t.index] = 1;
        lane->tile_pixels += t.w * t.h;
    }
    return n;
}

/* Find what changed. Returns the count of tiles that are left to be sent, or a failure. */
static int find(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n, int max_moves)
{
    fl_shadow *shadow = lane->shadow;
    const int count = fl_tile_count(shadow->w) * fl_tile_count(shadow->h);
    memset(lane->tiles, 0, (size_t)count);
    memset(lane->touched, 0, (size_t)count);
    const int failure = fl_tiles_mark(rects, n, shadow->w, shadow->h, lane->tiles);
    if (failure)
        return failure;
    lane->n_moves =
        fl_shadow_find(shadow, after, after_stride, lane->tiles, NULL, lane->moves, max_moves, &lane->differed);
    if (lane->n_moves < 0)
        return lane->n_moves;
    note_moves(lane);
    const int left = note_tiles(lane);
    for (int i = 0; i < count; i++)
        lane->stale[i] |= lane->touched[i];
    return left;
}

static void write_head(fl_lane *lane, int64_t length)
{
    const uint32_t stream = (uint32_t)length;
    lane->out[0] = 0;
    memcpy(lane->out + 1, &stream, sizeof stream);
}

static int64_t update(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n,
                      int max_moves, int most)
{
    fl_shadow *shadow = lane->shadow;
    const int left = find(lane, after, after_stride, rects, n, max_moves);
    if (left < 0)
        return left;
    if (left > most)
        return -EAGAIN;
    if (!left && !lane->n_moves)
        return 0;
    const int64_t length =
        fl_shadow_send(shadow, after, after_stride, lane->moves, lane->n_moves, lane->tiles, lane->cache, NULL, false,
                       lane->out + FL_LANE_HEAD, lane->capacity - FL_LANE_HEAD);
    if (length >= 0)
        write_head(lane, length);
    return length;
}

int64_t fl_lane_update(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n,
                       int max_moves, int most)
{
    const int64_t length = valid_lane(lane) ? update(lane, after, after_stride, rects, n, max_moves, most) : -EINVAL;
    if (lane)
        lane->length = length;
    return length;
}

int64_t fl_lane_write(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride)
{
    if (!valid_lane(lane))
        return -EINVAL;
    const fl_shadow *shadow = lane->shadow;
    lane->length = fl_stream_encode(after, after_stride, shadow->w, shadow->h, lane->moves, lane->n_moves, lane->tiles,
                                    lane->cache, shadow->pixels, shadow->stride, NULL, lane->out + FL_LANE_HEAD,
                                    lane->capacity - FL_LANE_HEAD);
    if (lane->length > 0)
        write_head(lane, lane->length);
    return lane->length;
}

int fl_lane_take(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride)
{
    return valid_lane(lane) ? fl_shadow_take(lane->shadow, after, after_stride, lane->tiles) : -EINVAL;
}
