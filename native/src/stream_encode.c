/* Writing the tile stream: what stands in it, in which order. Moves come first, then what is put aside, then the tiles, each
 * in the form that stream_forms.c chooses for it. */
#include "stream_write.h"

/* ---- what is put aside ------------------------------------------------------------------------------------------ */

/* Put aside what the marked tiles have. At most as many as there are slots: more would only push each other out. */
static int store_tiles(fl_writer *out)
{
    const fl_source *s = &out->source;
    int index = 0, failure;
    fl_tile t;
    while (fl_next_tile(s->tiles, s->w, s->h, &index, &t) &&
           out->cache->stored - out->cache->before < out->cache->slots) {
        if (s->lossy && s->lossy[t.index])
            continue;
        if ((failure = fl_store_tile(out, &t)))
            return failure;
    }
    return fl_flush_spans(out);
}

/* ---- the stream -------------------------------------------------------------------------------------------------- */

static int64_t moved_pixels(const fl_move *moves, int n)
{
    int64_t pixels = 0;
    for (int i = 0; i < n; i++)
        pixels += (int64_t)moves[i].w * moves[i].h;
    return pixels;
}

/* Whether more moves than is new: what scrolls by would only push out of the cache what may come back. Where it is
 * false, moves, tiles put aside and new tiles are three pictures of work at most. */
static bool is_motion(const fl_move *moves, int n, const uint8_t *tiles, int w, int h)
{
    int64_t fresh = 0;
    int index = 0;
    fl_tile t;
    while (n && fl_next_tile(tiles, w, h, &index, &t))
        fresh += t.w * t.h;
    return n && moved_pixels(moves, n) >= fresh;
}

/* Whether all moves lie within the picture and leave the tiles their share of the work a stream may make. */
static bool moves_allowed(const fl_move *moves, int n, int w, int h)
{
    for (int i = 0; i < n; i++) {
        const fl_move *m = moves + i;
        if (!fl_rect_inside(m->x, m->y, m->w, m->h, w, h) || !fl_rect_inside(m->src_x, m->src_y, m->w, m->h, w, h))
            return false;
    }
    return moved_pixels(moves, n) <= (int64_t)(FL_MAX_WORK - 1) * w * h;
}

static int write_moves(fl_writer *out, const fl_move *moves, int n)
{
    for (int i = 0; i < n; i++) {
        const fl_move *m = moves + i;
        if (!fl_has_room(out, FL_COPY_BYTES))
            return -ENOSPC;
        fl_put_u8(out, FL_OP_COPY);
        fl_put_u16(out, m->x);
        fl_put_u16(out, m->y);
        fl_put_u16(out, m->w);
        fl_put_u16(out, m->h);
        fl_put_u16(out, m->src_x);
        fl_put_u16(out, m->src_y);
    }
    return 0;
}

static int write_run(fl_writer *out, const fl_tile *run)
{
    const fl_source *s = &out->source;
    int failure = 0;
    for (int i = 0; i < fl_tile_count(run->w) && !failure; i++) {
        const fl_tile t = fl_tile_at(run->x / FL_TILE + i, run->y / FL_TILE, s->w, s->h);
        failure = fl_write_tile(out, &t);
    }
    return failure;
}

/* Write a run of tiles, and let the shadow take it over while the caches have it: before, which reads it from end to end,
 * unless what the shadow had is to be looked at first. */
static int bring_run(fl_writer *out, const fl_tile *run, bool past)
{
    const fl_source *s = &out->source;
    fl_page *page = out->page;
    if (page)
        page->is_ahead = past && !s->before;
    if (page && page->is_ahead)
        fl_guess_grounds(out, run);
    if (s->taker && !s->before)
        fl_take_run(s->taker, s->image, s->stride, run, past, page && page->is_ahead ? &page->ahead : NULL);
    const int failure = write_run(out, run);
    if (s->taker && s->before)
        fl_take_run(s->taker, s->image, s->stride, run, past, NULL);
    return failure;
}

static int write_tiles(fl_writer *out)
{
    const fl_source *s = &out->source;
    const bool past = s->taker && fl_are_many(s->tiles, s->w, s->h);
    int index = 0, failure = 0;
    fl_tile run;
    while (!failure && fl_next_run(s->tiles, s->w, s->h, &index, &run))
        failure = bring_run(out, &run, past);
    if (past)
        fl_past_done();
    return failure ? failure : fl_flush_spans(out);
}

/* Photographs come last, so that the compressor need not find one code for them and for text. */
static int write_later(fl_writer *out)
{
    const fl_source *s = &out->source;
    int index = 0, failure = 0;
    fl_tile t;
    while (out->has_later && !failure && fl_next_tile(s->tiles, s->w, s->h, &index, &t)) {
        if (!fl_is_put_off(out, &t))
            continue;
        out->pixels = fl_tile_pixels(s->image, s->stride, &t);
        out->stride = s->stride;
        failure = fl_write_predicted(out, &t);
    }
    return failure;
}

static void open_page(fl_page *page)
{
    page->is_ahead = page->is_open = false;
    memset(page->ahead.grounds, 0xFF, sizeof page->ahead.grounds);
}

static void open_writer(fl_writer *writer, fl_page *page, fl_cache *cache, uint8_t *out, int64_t capacity)
{
    const fl_source *s = &writer->source;
    writer->at = out;
    writer->end = capacity ? out + capacity : out;
    writer->cache = cache;
    writer->page = page;
    writer->solid.rect.w = 0;
    writer->slots.tiles = 0;
    writer->table.n = -1;
    writer->has_later = false;
    memset(writer->later, 0, ((size_t)fl_tile_count(s->w) * (size_t)fl_tile_count(s->h) + 7) / 8);
    writer->run_table.n = 0;
    if (cache)
        cache->before = cache->stored;
}

int64_t fl_stream_bound(int n_moves, int n_tiles)
{
    if (n_moves < 0 || n_tiles < 0)
        return -EINVAL;
    return (int64_t)n_moves * FL_COPY_BYTES +
           (int64_t)n_tiles * (FL_SLOTS_BYTES + FL_TILE_HEAD_BYTES + 3 * FL_TILE_PIXELS);
}

/* Write all that a source has. */
static int64_t write_stream(const fl_source *source, const fl_move *moves, int n_moves, fl_cache *cache, uint8_t *out,
                            int64_t capacity)
{
    const fl_source *s = source;
    if (!fl_valid_picture(s->image, s->stride, s->w, s->h) || n_moves < 0 || (n_moves > 0 && !moves) || !s->tiles ||
        capacity < 0 || (capacity > 0 && !out) || !moves_allowed(moves, n_moves, s->w, s->h) ||
        (cache && !fl_cache_valid_index(cache)) ||
        (s->before && !fl_valid_picture(s->before, s->before_stride, s->w, s->h)))
        return -EINVAL;
    fl_writer writer;
    fl_page page;
    writer.source = *source;
    open_page(&page);
    open_writer(&writer, &page, cache, out, capacity);
    int failure = write_moves(&writer, moves, n_moves);
    if (!failure && cache && s->before && !is_motion(moves, n_moves, s->tiles, s->w, s->h))
        failure = store_tiles(&writer);
    if (!failure)
        failure = write_tiles(&writer);
    if (!failure)
        failure = write_later(&writer);
    return failure ? failure : writer.at - out;
}

int64_t fl_stream_encode_box(const fl_source *source, fl_cache *cache, uint8_t *out, int64_t capacity)
{
    fl_writer writer;
    writer.source = *source;
    open_writer(&writer, NULL, cache, out, capacity);
    int failure = write_tiles(&writer);
    if (!failure)
        failure = write_later(&writer);
    return failure ? failure : writer.at - out;
}

int64_t fl_stream_encode(const uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n_moves,
                         const uint8_t *tiles, fl_cache *cache, const uint8_t *before, ptrdiff_t before_stride,
                         const uint8_t *lossy, uint8_t *out, int64_t capacity)
{
    const fl_source source = {image, before, stride, before_stride, w, h, tiles, lossy, NULL, NULL};
    return write_stream(&source, moves, n_moves, cache, out, capacity);
}

int64_t fl_shadow_send(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_move *moves,
                       int n_moves, const uint8_t *tiles, fl_cache *cache, const uint8_t *lossy, int alone,
                       uint8_t *out, int64_t capacity)
{
    if (!fl_valid_shadow(shadow))
        return -EINVAL;
    const uint8_t *before = alone ? NULL : shadow->pixels;
    const fl_source source = {after,     before, after_stride, shadow->stride, shadow->w,
                              shadow->h, tiles,  lossy,        shadow,         NULL};
    return write_stream(&source, moves, n_moves, cache, out, capacity);
}
