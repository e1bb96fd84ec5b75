/* A whole area that slid up or down, as a page does.
 *
 * A few columns of tiles are summed, and their rows vote for the shift. Then each row of the area is held against the one
 * it should come from, and taken over at once. So what slid is read once, and neither its sums nor its cells are needed:
 * sums move along with their rows. Where most of the picture slid, and the shadow has room for it, nothing of that is
 * copied: the shadow begins elsewhere from then on, and only what stood still moves. There the shift of the last slide is
 * tried before any votes: a page that is scrolled mostly goes on by the same steps. */
#include "moves.h"

enum {
    LEAST_AREA = 9,   /* tiles: of less, the search reads little anyway */
    MOST_SAMPLES = 3, /* columns that vote, */
    SAMPLE_EACH = 4,  /* one for so many */
    LEAST_ROWS = 16, /* a move is begun only where so many rows match */
    MOST_FAILED = 160,
    MOST_SUPPOSED = 64, /* of a shift that is only supposed: the rows of the tile in which an area may begin */
    MOST_SLIDES = 4,
    LEAST_LEFT = 2 * FL_TILE, /* rows that are worth another look */
    STANDING = 4, /* what stands still is at most this part of a picture that begins elsewhere */
};

typedef struct slide {
    fl_shadow *shadow;
    fl_search *s;
    int x, w, shift, failed;
    bool may_begin_elsewhere;
} slide;

/* The first run of marked tiles in a row of them. */
static fl_rect first_run(const fl_search *s, const uint8_t *tiles, int row)
{
    const uint8_t *marks = tiles + row * s->columns;
    fl_rect run = {0, row, 0, 1};
    while (run.x < s->columns && !marks[run.x])
        run.x++;
    while (run.x + run.w < s->columns && marks[run.x + run.w])
        run.w++;
    return run;
}

/* The box is the largest area that is marked all over and has the same columns in each row. */
static bool take_box(fl_search *s, const uint8_t *tiles)
{
    fl_rect area = {0, 0, 0, 0};
    s->box = area;
    for (int row = 0; row < s->tile_rows; row++) {
        const fl_rect run = first_run(s, tiles, row);
        if (run.w && run.x == area.x && run.w == area.w)
            area.h++;
        else
            area = run;
        if (area.w * area.h > s->box.w * s->box.h)
            s->box = area;
    }
    return s->box.w * s->box.h >= LEAST_AREA;
}

/* Whether everything in the box is `value` in an array of tiles. */
static bool is_all(const fl_search *s, const uint8_t *tiles, int value)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
            if (tiles[row * s->columns + column] != value)
                return false;
        }
    }
    return true;
}

static void sum_column(fl_search *s, int column)
{
    for (int row = s->box.y; row < s->box.y + s->box.h; row++) {
        const fl_tile t = fl_tile_at(column, row, s->w, s->h);
        fl_kernels.tile_rows(fl_after_at(s, t.x, t.y), s->after_stride, t.w, t.h,
                             s->after_rows + (size_t)column * (size_t)s->h + (size_t)t.y);
    }
}

static bool guess(fl_search *s, int *shift)
{
    int columns[MOST_SAMPLES];
    const int n = fl_min(MOST_SAMPLES, 1 + s->box.w / SAMPLE_EACH);
    for (int i = 0; i < n; i++) {
        columns[i] = s->box.x + s->box.w * (2 * i + 1) / (2 * n);
        sum_column(s, columns[i]);
    }
    return fl_vote_shift(s, columns, n, shift) && *shift;
}

static bool row_slid(const slide *m, int y)
{
    return fl_kernels.span_equal(fl_after_at(m->s, m->x, y), fl_before_at(m->s, m->x, y + m->shift), m->w);
}

static void take_row(const slide *m, int y)
{
    fl_kernels.span_copy(fl_after_at(m->s, m->x, y), m->shadow->pixels + y * m->shadow->stride + (ptrdiff_t)m->x * 4,
                         m->w);
}

static void look_ahead(const slide *m, int y, int step)
{
    fl_look_ahead(fl_after_at(m->s, m->x, y), m->s->after_stride, step, m->w);
    fl_look_ahead(fl_before_at(m->s, m->x, y + m->shift), m->s->before_stride, step, m->w);
}

/* Take rows over from `y` on until one is not what should be there, or, where the picture may begin elsewhere, only look
 * how far they are. Returns that row. */
static int take_rows(const slide *m, int y, int end, int step)
{
    for (; y != end && row_slid(m, y); y += step) {
        if (y + step != end)
            look_ahead(m, y, step);
        if (!m->may_begin_elsewhere)
            take_row(m, y);
    }
    return y;
}

/* Whether a row becomes another one where the area slides: those of a bar of one colour do not, which stands still. */
static bool row_changes(const slide *m, int y)
{
    const fl_search *s = m->s;
    const uint64_t *rows = m->shadow->rows + (size_t)s->box.x * (size_t)s->h + (size_t)y;
    for (int column = 0; column < s->box.w; column++, rows += s->h) {
        if (rows[0] != rows[m->shift])
            return true;
    }
    return false;
}

/* Find where the next move begins, from row `y` on: with one that changes. */
static int find_start(slide *m, int y, int end, int step)
{
    int rows = 0;
    for (; y != end && rows < LEAST_ROWS && m->failed < MOST_FAILED; y += step) {
        const bool slid = row_slid(m, y);
        rows = slid && (rows || row_changes(m, y)) ? rows + 1 : 0;
        m->failed += !slid;
    }
    return rows == LEAST_ROWS ? y - step * rows : end;
}

/* ---- a picture that begins elsewhere ------------------------------------------------------------------------------- */

/* Whether the picture can begin so many rows before or behind any place in its room. */
static bool has_room(const fl_shadow *shadow, int rows)
{
    return shadow->room && shadow->room_size >= (shadow->h + rows) * (int64_t)shadow->stride + FL_CACHE_LINE;
}

/* Make sure that there are `rows` rows of room behind the picture, or before it where `rows` is negative: it goes to the
 * other end, so that this happens only once in many slides. */
static void make_room(fl_shadow *shadow, int rows)
{
    const ptrdiff_t size = shadow->h * shadow->stride, at = shadow->pixels - shadow->room + rows * shadow->stride;
    const ptrdiff_t last = (shadow->room_size - size) / FL_CACHE_LINE * FL_CACHE_LINE;
    if (at >= 0 && at <= last)
        return;
    uint8_t *place = shadow->room + (rows > 0 ? 0 : last);
    memmove(place, shadow->pixels, (size_t)size);
    shadow->pixels = place;
}

/* Let the picture begin so that rows `top` to `bottom` are there, and move what stands still along. */
static void begin_elsewhere(const slide *m, int top, int bottom)
{
    fl_shadow *shadow = m->shadow;
    make_room(shadow, m->shift);
    uint8_t *before = shadow->pixels, *now = before + m->shift * shadow->stride;
    memmove(now, before, (size_t)(top * shadow->stride));
    memmove(now + bottom * shadow->stride, before + bottom * shadow->stride,
            (size_t)((shadow->h - bottom) * shadow->stride));
    shadow->pixels = now;
    m->s->before = now;
}

/* Take over what was only looked at. */
static void take_slid(const slide *m, int top, int bottom)
{
    const int h = m->shadow->h;
    if (!m->may_begin_elsewhere)
        return;
    if ((h - (bottom - top)) * STANDING <= h) {
        begin_elsewhere(m, top, bottom);
        return;
    }
    for (int y = top; y < bottom; y++)
        take_row(m, y);
}

/* ---- what follows ----------------------------------------------------------------------------------------------------- */

/* Let the sums of rows `top` to `bottom` follow their rows, and mark the tiles where that changes them. */
static void move_sums(const slide *m, int top, int bottom, uint8_t *slid)
{
    const fl_search *s = m->s;
    for (int column = s->box.x; column < s->box.x + s->box.w; column++) {
        uint64_t *rows = m->shadow->rows + (size_t)column * (size_t)s->h;
        for (int y = top, end; y < bottom; y = end) {
            end = fl_min(bottom, (y / FL_TILE + 1) * FL_TILE);
            if (memcmp(rows + y, rows + y + m->shift, (size_t)(end - y) * sizeof *rows))
                slid[y / FL_TILE * s->columns + column] = 1;
        }
        memmove(rows + top, rows + top + m->shift, (size_t)(bottom - top) * sizeof *rows);
    }
}

/* What lies wholly in a move is right now. */
static void settle(const slide *m, int top, int bottom, uint8_t *tiles)
{
    const fl_search *s = m->s;
    for (int row = (top + FL_TILE - 1) / FL_TILE; row < s->tile_rows; row++) {
        if (fl_min(s->h, (row + 1) * FL_TILE) > bottom)
            break;
        memset(tiles + row * s->columns + s->box.x, 0, (size_t)s->box.w);
    }
}

/* Whether there is something worth a look from row `y` on, after `n` moves. */
static bool goes_on(int y, int end, int step, int n)
{
    return y != end && (!n || (end - y) * step >= LEAST_LEFT);
}

/* Whether a move of so many rows shows by itself that the area slid. */
static bool tells(const fl_search *s, int rows)
{
    return 2 * rows >= fl_min(s->h, (s->box.y + s->box.h) * FL_TILE) - s->box.y * FL_TILE;
}

/* Take over what slid by `shift`. One that is only `supposed` is given up before anything is taken, unless its first move
 * tells; and it is tried only where rows are not taken one by one. */
static int slide_by(fl_shadow *shadow, fl_search *s, int shift, bool supposed, uint8_t *tiles, uint8_t *slid,
                    fl_move *moves, int max)
{
    const int top = s->box.y * FL_TILE, bottom = fl_min(s->h, (s->box.y + s->box.h) * FL_TILE);
    const int step = shift > 0 ? 1 : -1;
    const int first = shift > 0 ? top : bottom - 1, end = shift > 0 ? bottom - shift : top - shift - 1;
    slide m = {shadow, s, s->box.x * FL_TILE, 0, shift, supposed ? MOST_FAILED - MOST_SUPPOSED : 0, false};
    m.w = fl_min(s->w, (s->box.x + s->box.w) * FL_TILE) - m.x;
    m.may_begin_elsewhere = m.w == s->w && has_room(shadow, step * shift);
    if ((end - first) * step <= 0 || (supposed && !m.may_begin_elsewhere))
        return 0;
    int n = 0;
    for (int y = first; goes_on(y, end, step, n) && n < fl_min(max, MOST_SLIDES);) {
        const int start = find_start(&m, y, end, step);
        if (start == end)
            break;
        y = take_rows(&m, start, end, step);
        const int from = fl_min(start, y - step), rows = (y - start) * step;
        if (supposed && !n && !tells(s, rows))
            break;
        moves[n++] = (fl_move){m.x, from, m.w, rows, m.x, from + shift};
        take_slid(&m, from, from + rows);
        move_sums(&m, from, from + rows, slid);
        settle(&m, from, from + rows, tiles);
    }
    return n;
}

int fl_slide(fl_shadow *shadow, fl_search *s, uint8_t *tiles, uint8_t *slid, fl_move *moves, int max)
{
    int shift = shadow->slid, n = 0;
    shadow->slid = 0;
    if (!take_box(s, tiles) || !is_all(s, shadow->known, FL_ROWS_KNOWN) || (s->lossy && !is_all(s, s->lossy, 0)))
        return 0;
    if (shift)
        n = slide_by(shadow, s, shift, true, tiles, slid, moves, max);
    if (!n && guess(s, &shift))
        n = slide_by(shadow, s, shift, false, tiles, slid, moves, max);
    if (n)
        shadow->slid = shift;
    return n;
}
