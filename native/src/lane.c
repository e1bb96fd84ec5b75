/* One update of the tile lane. What it calls is all there is to it; but each call from elsewhere costs more than a letter
 * does, when the caches have gone cold. */
#include "shadow.h"
#include "stream.h"

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

/* ---- a box of few pixels ----------------------------------------------------------------------------------------- */

enum { MOST_BOX_TILES = 8 }; /* a box of so few pixels touches no more than 6 */

/* A letter is a small part of the tiles that it stands in, and each of their rows lies in a page of memory of its own. So
 * nothing is looked at here but a box. */
typedef struct box_update {
    fl_lane *lane;
    fl_rect box;
    fl_tile tiles[MOST_BOX_TILES]; /* those that changed, and */
    fl_tile parts[MOST_BOX_TILES]; /* what the box has of them */
    int n;
} box_update;

/* The box round all rectangles. Returns whether it lies within the picture and has some pixels, but few. */
static bool has_few_pixels(const fl_rect *rects, int n, int w, int h, fl_rect *box)
{
    int left = w, top = h, right = 0, bottom = 0;
    for (int i = 0; i < n; i++) {
        const fl_rect *r = rects + i;
        if (!fl_rect_inside(r->x, r->y, r->w, r->h, w, h))
            return false;
        left = fl_min(left, r->x);
        top = fl_min(top, r->y);
        right = fl_max(right, r->x + r->w);
        bottom = fl_max(bottom, r->y + r->h);
    }
    *box = (fl_rect){left, top, right - left, bottom - top};
    return n > 0 && (int64_t)box->w * box->h < FL_BOX_PIXELS;
}

static void look_at_tile(box_update *u, const uint8_t *after, ptrdiff_t after_stride, const fl_tile *t)
{
    fl_lane *lane = u->lane;
    const fl_shadow *shadow = lane->shadow;
    const fl_tile part = fl_tile_within(t, &u->box);
    if (fl_kernels.tile_equal(fl_tile_pixels(shadow->pixels, shadow->stride, &part), shadow->stride,
                              fl_tile_pixels(after, after_stride, &part), after_stride, part.w, part.h))
        return;
    lane->tiles[t->index] = lane->touched[t->index] = lane->stale[t->index] = 1;
    lane->tile_pixels += t->w * t->h;
    u->tiles[u->n] = *t;
    u->parts[u->n++] = part;
}

static void find_in_box(box_update *u, const uint8_t *after, ptrdiff_t after_stride)
{
    fl_lane *lane = u->lane;
    const int w = lane->shadow->w, h = lane->shadow->h;
    const size_t count = (size_t)fl_tile_count(w) * (size_t)fl_tile_count(h);
    const int right = (u->box.x + u->box.w - 1) / FL_TILE, bottom = (u->box.y + u->box.h - 1) / FL_TILE;
    memset(lane->tiles, 0, count);
    memset(lane->touched, 0, count);
    lane->tile_pixels = lane->move_pixels = 0;
    lane->n_moves = 0;
    for (int row = u->box.y / FL_TILE; row <= bottom; row++) {
        for (int column = u->box.x / FL_TILE; column <= right; column++) {
            const fl_tile t = fl_tile_at(column, row, w, h);
            look_at_tile(u, after, after_stride, &t);
        }
    }
    lane->differed = u->n;
}

static int64_t update_box(box_update *u, const uint8_t *after, ptrdiff_t after_stride, int most)
{
    fl_lane *lane = u->lane;
    fl_shadow *shadow = lane->shadow;
    find_in_box(u, after, after_stride);
    if (u->n > most)
        return -EAGAIN;
    if (!u->n)
        return 0;
    const fl_source source = {after,     shadow->pixels, after_stride, shadow->stride, shadow->w,
                              shadow->h, lane->tiles,    NULL,         NULL,           &u->box};
    const int64_t length =
        fl_stream_encode_box(&source, lane->cache, lane->out + FL_LANE_HEAD, lane->capacity - FL_LANE_HEAD);
    for (int i = 0; i < u->n && length >= 0; i++)
        fl_take_part(shadow, after, after_stride, u->tiles + i, u->parts + i);
    return length;
}

/* ---- any change -------------------------------------------------------------------------------------------------- */

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
    return fl_shadow_send(shadow, after, after_stride, lane->moves, lane->n_moves, lane->tiles, lane->cache, NULL,
                          false, lane->out + FL_LANE_HEAD, lane->capacity - FL_LANE_HEAD);
}

/* ---- the entry --------------------------------------------------------------------------------------------------- */

static int64_t choose(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n,
                      int max_moves, int most)
{
    const fl_shadow *shadow = lane->shadow;
    if (!fl_valid_shadow(shadow) || !shadow->work || !fl_valid_picture(after, after_stride, shadow->w, shadow->h) ||
        n < 0 || (n > 0 && !rects) || max_moves < 0 || max_moves > FL_MAX_MOVES ||
        (lane->cache && !fl_cache_valid_index(lane->cache)))
        return -EINVAL;
    box_update u = {.lane = lane, .n = 0};
    if (has_few_pixels(rects, n, shadow->w, shadow->h, &u.box))
        return update_box(&u, after, after_stride, most);
    return update(lane, after, after_stride, rects, n, max_moves, most);
}

int64_t fl_lane_update(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n,
                       int max_moves, int most)
{
    const int64_t length = valid_lane(lane) ? choose(lane, after, after_stride, rects, n, max_moves, most) : -EINVAL;
    if (length > 0)
        write_head(lane, length);
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

/* Tell that all is sent, and nothing moves. Returns how many tiles there are. */
static int note_whole(fl_lane *lane)
{
    const int w = lane->shadow->w, h = lane->shadow->h, count = fl_tile_count(w) * fl_tile_count(h);
    memset(lane->tiles, 1, (size_t)count);
    memset(lane->touched, 1, (size_t)count);
    memset(lane->stale, 1, (size_t)count);
    lane->tile_pixels = (int64_t)w * h;
    lane->move_pixels = 0;
    lane->n_moves = 0;
    return count;
}

int64_t fl_lane_whole(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride)
{
    if (!valid_lane(lane))
        return -EINVAL;
    lane->differed = note_whole(lane);
    if (lane->cache)
        lane->cache->stored = 0;
    lane->length = fl_shadow_send(lane->shadow, after, after_stride, NULL, 0, lane->tiles, lane->cache, NULL, true,
                                  lane->out + FL_LANE_HEAD, lane->capacity - FL_LANE_HEAD);
    if (lane->length > 0)
        write_head(lane, lane->length);
    return lane->length;
}

int fl_lane_take(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride)
{
    return valid_lane(lane) ? fl_shadow_take(lane->shadow, after, after_stride, lane->tiles) : -EINVAL;
}
