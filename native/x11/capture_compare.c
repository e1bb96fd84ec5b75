/* The fused pass over the damage: compare with the private picture, and copy what differs. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#include "capture.h"

static int grid_size(int w, int h)
{
    return fl_tile_count(w) * fl_tile_count(h);
}

int fl_x11_kept_fit(fl_x11_kept *kept, int w, int h)
{
    fl_x11_kept fresh = {.w = w, .h = h, .fresh = true};
    int code;

    if (kept->memory && kept->w == w && kept->h == h)
        return 0;
    fresh.changed = malloc((size_t)grid_size(w, h));
    if (!fresh.changed)
        return -ENOMEM;
    code = fl_x11_memory_private((size_t)w * (size_t)h * 4, &fresh.memory);
    if (code) {
        free(fresh.changed);
        return code;
    }
    fl_x11_kept_free(kept);
    *kept = fresh;
    return 0;
}

int fl_x11_begin_to_keep(fl_x11 *x)
{
    int code;

    if (x->kept.memory || !x->compare)
        return 0;
    code = fl_x11_kept_fit(&x->kept, x->picture.w, x->picture.h);
    if (code)
        return code;
    /* After a read that failed the picture holds more than the last frame showed; then all of it is new. */
    x->kept.fresh = x->todo.everything;
    memcpy(fl_x11_memory_pixels(x->kept.memory), fl_x11_memory_pixels(x->picture.memory),
           (size_t)x->picture.w * (size_t)x->picture.h * 4);
    return 0;
}

void fl_x11_kept_free(fl_x11_kept *kept)
{
    fl_x11_memory_release(kept->memory);
    free(kept->changed);
    *kept = (fl_x11_kept){0};
}

static uint8_t *kept_at(const fl_x11_kept *kept, fl_rect r)
{
    return fl_x11_memory_pixels(kept->memory) + ((ptrdiff_t)r.y * kept->w + r.x) * 4;
}

static const uint8_t *source_at(const uint8_t *source, ptrdiff_t stride, fl_rect r)
{
    return source + r.y * stride + (ptrdiff_t)r.x * 4;
}

/* Whether a rectangle that lies in one tile is as it was. */
static bool is_kept(const fl_x11_kept *kept, const uint8_t *source, ptrdiff_t stride, fl_rect r)
{
    return !kept->fresh && fl_kernels.tile_equal(source_at(source, stride, r), stride, kept_at(kept, r),
                                                 (ptrdiff_t)kept->w * 4, r.w, r.h);
}

static int to_tile_end(int place, int end)
{
    return fl_min((place / FL_TILE + 1) * FL_TILE, end) - place;
}

/* Cut what is left of a rectangle from `piece` on into parts that lie in one tile. False: nothing is left. */
static bool next_piece(const fl_rect *r, fl_rect *piece)
{
    piece->x += piece->w;
    if (piece->x >= r->x + r->w) {
        piece->x = r->x;
        piece->y += piece->h;
    }
    if (piece->y >= r->y + r->h)
        return false;
    piece->w = to_tile_end(piece->x, r->x + r->w);
    piece->h = to_tile_end(piece->y, r->y + r->h);
    return r->w > 0;
}

bool fl_x11_kept_differs(const fl_x11 *x, const uint8_t *source, ptrdiff_t stride)
{
    for (int i = 0; i < x->frame.n_rects; i++) {
        const fl_rect *r = &x->frame.rects[i];
        fl_rect piece = {.x = r->x, .y = r->y};

        while (next_piece(r, &piece))
            if (!is_kept(&x->kept, source, stride, piece))
                return true;
    }
    return false;
}

int fl_x11_keep_changed(fl_x11 *x, const uint8_t *source, ptrdiff_t stride)
{
    const int tiles = grid_size(x->kept.w, x->kept.h);
    int changed = 0;

    memset(x->kept.changed, 0, (size_t)tiles);
    for (int i = 0; i < x->frame.n_rects; i++)
        fl_tiles_keep(source, stride, fl_x11_memory_pixels(x->kept.memory), (ptrdiff_t)x->kept.w * 4,
                      &x->frame.rects[i], x->kept.w, x->kept.fresh, x->kept.changed);
    for (int i = 0; i < tiles; i++)
        changed += x->kept.changed[i];
    x->kept.fresh = false;
    return changed;
}
