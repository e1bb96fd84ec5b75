/* fl_moves_apply() with hostile moves: all of them as a slow model does them, or none and -EINVAL. */
#include "fuzz_input.h"

enum { MOST_MOVES = 16 };

static fl_move take_move(fuzz_input *in, const picture *p)
{
    if (take_u8(in) % 4 == 0)
        return (fl_move){(int32_t)take_u32(in), (int32_t)take_u32(in), (int32_t)take_u32(in),
                         (int32_t)take_u32(in), (int32_t)take_u32(in), (int32_t)take_u32(in)};
    const int w = 1 + take_u16(in) % p->w, h = 1 + take_u16(in) % p->h;
    return (fl_move){take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1), w, h,
                     take_u16(in) % (p->w - w + 1), take_u16(in) % (p->h - h + 1)};
}

static bool inside(int64_t x, int64_t y, const fl_move *m, const picture *p)
{
    return x >= 0 && y >= 0 && m->w > 0 && m->h > 0 && x + m->w <= p->w && y + m->h <= p->h;
}

static void apply_slowly(const picture *p, const fl_move *m)
{
    const picture before = clone_picture(p);
    for (int y = 0; y < m->h; y++)
        memcpy(pixel_at(p, m->x, m->y + y), pixel_at(&before, m->src_x, m->src_y + y), (size_t)m->w * 4);
    free(before.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, data + size};
    const picture p = take_picture(&in);
    fill_with_noise(&p, 1, 1U << 24);
    const picture model = clone_picture(&p);
    const int n = take_u8(&in) % (MOST_MOVES + 1);
    fl_move *moves = allocate(sizeof *moves * (size_t)n);
    bool allowed = true;
    for (int i = 0; i < n; i++) {
        moves[i] = take_move(&in, &p);
        allowed &=
            inside(moves[i].x, moves[i].y, moves + i, &p) && inside(moves[i].src_x, moves[i].src_y, moves + i, &p);
    }
    for (int i = 0; i < n && allowed; i++)
        apply_slowly(&model, moves + i);
    CHECK(fl_moves_apply(p.pixels, p.stride, p.w, p.h, moves, n) == (allowed ? 0 : -EINVAL));
    CHECK(equal_pictures(&p, &model));
    check_canaries(&p);
    free(moves);
    free(p.memory);
    free(model.memory);
    return 0;
}
