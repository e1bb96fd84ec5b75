/* Reading tiles as symbols on a ground of one colour: SYMBOLS. */
#include "stream_read.h"

/* A tile while it is made: its pixels side by side, and a bit for each that a symbol has brought. */
typedef struct canvas {
    fl_tile t;
    uint32_t pixels[FL_TILE_PIXELS];
    uint64_t taken[FL_TILE];
    int before; /* symbols that the stream had before */
    int right, top; /* where the last symbol ended and began; 0 before the first */
} canvas;

static uint8_t *canvas_at(canvas *c, int x, int y)
{
    return (uint8_t *)(c->pixels + y * c->t.w + x);
}

/* Take the place of a symbol in the tile. Returns false if it does not fit, or there is another one. */
static bool reserve(canvas *c, int x, int y, int w, int h)
{
    if (!fl_rect_inside(x, y, w, h, c->t.w, c->t.h))
        return false;
    const uint64_t columns = (UINT64_MAX >> (FL_TILE - w)) << x;
    uint64_t taken = 0;
    c->right = x + w;
    c->top = y;
    for (int row = y; row < y + h; row++) {
        taken |= c->taken[row] & columns;
        c->taken[row] |= columns;
    }
    return !taken;
}

/* Draw a symbol that was before: this tile itself may have brought it. */
static bool repeat(const fl_reader *in, canvas *c, int x, int y, int number)
{
    const fl_symbol_place *s = in->symbols + number;
    if (!reserve(c, x, y, s->w, s->h))
        return false;
    const bool own = number >= c->before;
    const ptrdiff_t stride = (ptrdiff_t)4 * c->t.w;
    const uint8_t *from =
        own ? canvas_at(c, s->x - c->t.x, s->y - c->t.y) : in->image + s->y * in->stride + (ptrdiff_t)4 * s->x;
    fl_kernels.tile_copy(from, own ? stride : in->stride, canvas_at(c, x, y), stride, s->w, s->h);
    return true;
}

/* Take a symbol that is new, and remember it if there is room. */
static bool take_new(fl_reader *in, canvas *c, int x, int y)
{
    uint32_t pixels[FL_TILE_PIXELS + FL_RUN_CHUNK];
    const uint8_t *p = fl_take(in, 2);
    if (!p)
        return false;
    const int w = p[0] + 1, h = p[1] + 1;
    if (!reserve(c, x, y, w, h) || !fl_take_runs(in, pixels, w * h))
        return false;
    fl_kernels.tile_copy((const uint8_t *)pixels, (ptrdiff_t)4 * w, canvas_at(c, x, y), (ptrdiff_t)4 * c->t.w, w, h);
    if (in->n_symbols < FL_MAX_SYMBOLS)
        in->symbols[in->n_symbols++] =
            (fl_symbol_place){(uint16_t)(c->t.x + x), (uint16_t)(c->t.y + y), (uint8_t)w, (uint8_t)h};
    return true;
}

static bool take_symbol(fl_reader *in, canvas *c)
{
    const uint8_t *p = fl_take(in, FL_PLACED_BYTES);
    if (!p)
        return false;
    const int x = (uint8_t)(c->right + p[0]), y = (uint8_t)(c->top + p[1]), number = fl_get_u16(p + 2);
    if (number < in->n_symbols)
        return repeat(in, c, x, y, number);
    return number == in->n_symbols && take_new(in, c, x, y);
}

int fl_read_symbols(fl_reader *in)
{
    canvas c;
    const uint8_t *head;
    if (!fl_take_tile(in, &c.t) || !(head = fl_take(in, FL_GROUND_BYTES)))
        return -EBADMSG;
    const uint32_t ground = fl_get_colour(head);
    for (int i = 0; i < c.t.w * c.t.h; i++)
        c.pixels[i] = ground;
    memset(c.taken, 0, sizeof c.taken);
    c.before = in->n_symbols;
    c.right = c.top = 0;
    for (int n = head[3]; n; n--) {
        if (!take_symbol(in, &c))
            return -EBADMSG;
    }
    fl_kernels.tile_copy((const uint8_t *)c.pixels, (ptrdiff_t)4 * c.t.w, fl_open_tile(in, &c.t), in->stride, c.t.w,
                         c.t.h);
    return 0;
}
