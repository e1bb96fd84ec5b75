/* For one vector, the rectangles that it explains.
 *
 * Each cell is held against where it would come from: by the sums of its rows for a vertical vector, by pixels for any
 * other. Of the rectangles of matching cells the one that covers the most changed cells is taken, again and again, and
 * each is widened by pixels to where its match ends. Cells that did not change and match as well, as blank ones do,
 * count for nothing but let rectangles reach across them. */
#include "moves.h"

enum {
    MIN_CHANGED = 3, /* changed cells that a rectangle must cover to be worth a move */
};

/* ---- cells --------------------------------------------------------------------------------------------------------- */

typedef struct fl_cell_box {
    int left, right, top, bottom; /* in cells */
} fl_cell_box;

static fl_cell_box cell_box(const fl_search *s)
{
    const int rows = FL_TILE / FL_CELL_ROWS;
    return (fl_cell_box){s->box.x, s->box.x + s->box.w, s->box.y * rows,
                         fl_min(s->cell_rows, (s->box.y + s->box.h) * rows)};
}

static uint8_t *cell_at(const fl_search *s, int column, int row)
{
    return s->cells + (ptrdiff_t)row * s->columns + column;
}

static bool is_movable(const fl_search *s, int column, int cell_row)
{
    return s->movable[cell_row / (FL_TILE / FL_CELL_ROWS) * s->columns + column];
}

/* How many of the tiles that a rectangle touches are marked. */
static int count_marked(const fl_search *s, const uint8_t *marks, int x, int y, int w, int h)
{
    int n = 0;
    for (int row = y / FL_TILE; row <= (y + h - 1) / FL_TILE; row++) {
        for (int column = x / FL_TILE; column <= (x + w - 1) / FL_TILE; column++)
            n += marks[row * s->columns + column] != 0;
    }
    return n;
}

static bool is_lossy(const fl_search *s, int x, int y, int w, int h)
{
    return s->lossy && count_marked(s, s->lossy, x, y, w, h);
}

/* Whether all that a rectangle touches was damaged. Of other tiles nobody knows what they will be once they are. */
static bool is_damaged(const fl_search *s, int x, int y, int w, int h)
{
    const int columns = (x + w - 1) / FL_TILE - x / FL_TILE + 1, rows = (y + h - 1) / FL_TILE - y / FL_TILE + 1;
    return count_marked(s, s->damaged, x, y, w, h) == columns * rows;
}

void fl_mark_changed_cells(fl_search *s)
{
    const fl_cell_box box = cell_box(s);
    for (int row = box.top; row < box.bottom; row++) {
        const int y = row * FL_CELL_ROWS, rows = fl_min(FL_CELL_ROWS, s->h - y);
        for (int column = box.left; column < box.right; column++) {
            const size_t at = (size_t)column * (size_t)s->h + (size_t)y;
            const bool differs = is_movable(s, column, row) &&
                                 memcmp(s->before_rows + at, s->after_rows + at, (size_t)rows * sizeof(uint64_t));
            *cell_at(s, column, row) = differs ? FL_CELL_CHANGED : 0;
        }
    }
}

int fl_cells_left(const fl_search *s)
{
    const fl_cell_box box = cell_box(s);
    int left = 0;
    for (int row = box.top; row < box.bottom; row++) {
        for (int column = box.left; column < box.right; column++)
            left += (*cell_at(s, column, row) & FL_CELL_CHANGED) != 0;
    }
    return left;
}

static bool rows_match(const fl_search *s, int column, int y, int rows, int dy)
{
    const int top = s->box.y * FL_TILE, bottom = fl_min(s->h, (s->box.y + s->box.h) * FL_TILE);
    if (y + dy < top || y + dy + rows > bottom)
        return false;
    const size_t at = (size_t)column * (size_t)s->h + (size_t)y;
    return !memcmp(s->after_rows + at, s->before_rows + at + dy, (size_t)rows * sizeof(uint64_t));
}

static bool cell_matches(const fl_search *s, int column, int row, fl_vector v)
{
    const int x = column * FL_TILE, y = row * FL_CELL_ROWS;
    const int w = fl_min(FL_TILE, s->w - x), rows = fl_min(FL_CELL_ROWS, s->h - y);
    if (!fl_rect_inside(x + v.dx, y + v.dy, w, rows, s->w, s->h))
        return false;
    if (!is_damaged(s, x, y, w, rows) || is_lossy(s, x, y, w, rows) || is_lossy(s, x + v.dx, y + v.dy, w, rows))
        return false;
    if (!v.dx)
        return rows_match(s, column, y, rows, v.dy);
    return fl_kernels.tile_equal(fl_after_at(s, x, y), s->after_stride, fl_before_at(s, x + v.dx, y + v.dy),
                                 s->before_stride, w, rows);
}

/* Ask for the pixels of a row of cells, and of where they would come from: cells are narrow, and what is read in narrow
 * columns the processor does not foresee. */
static void ask_for_cells(const fl_search *s, fl_cell_box box, int row, fl_vector v)
{
    const int left = fl_max(box.left * FL_TILE, -v.dx), right = fl_min(fl_min(s->w, box.right * FL_TILE), s->w - v.dx);
    const int top = fl_max(row * FL_CELL_ROWS, -v.dy),
              bottom = fl_min(fl_min(s->h, (row + 1) * FL_CELL_ROWS), s->h - v.dy);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x += FL_CACHE_LINE / 4) {
            __builtin_prefetch(fl_after_at(s, x, y));
            __builtin_prefetch(fl_before_at(s, x + v.dx, y + v.dy));
        }
    }
}

static void match_cells(fl_search *s, fl_vector v)
{
    const fl_cell_box box = cell_box(s);
    for (int row = box.top; row < box.bottom; row++) {
        if (v.dx)
            ask_for_cells(s, box, row, v);
        for (int column = box.left; column < box.right; column++) {
            uint8_t *cell = cell_at(s, column, row);
            *cell &= (uint8_t)~FL_CELL_MATCHES;
            if (!(*cell & FL_CELL_TAKEN) && cell_matches(s, column, row, v))
                *cell |= FL_CELL_MATCHES;
        }
    }
}

/* ---- the best rectangle --------------------------------------------------------------------------------------------- */

typedef struct fl_best {
    fl_cell_box box;
    int changed;
} fl_best;

static int32_t *sum_at(const fl_search *s, int column, int row)
{
    return s->sums + (ptrdiff_t)row * (s->columns + 1) + column;
}

static void sum_cells(fl_search *s)
{
    const fl_cell_box box = cell_box(s);
    for (int column = box.left; column <= box.right; column++)
        *sum_at(s, column, box.top) = 0;
    for (int row = box.top; row < box.bottom; row++) {
        *sum_at(s, box.left, row + 1) = 0;
        int32_t here = 0;
        for (int column = box.left; column < box.right; column++) {
            here += *cell_at(s, column, row) == (FL_CELL_CHANGED | FL_CELL_MATCHES);
            *sum_at(s, column + 1, row + 1) = *sum_at(s, column + 1, row) + here;
        }
    }
}

static void weigh(const fl_search *s, fl_cell_box box, fl_best *best)
{
    const int changed = *sum_at(s, box.right, box.bottom) - *sum_at(s, box.left, box.bottom) -
                        *sum_at(s, box.right, box.top) + *sum_at(s, box.left, box.top);
    if (changed > best->changed)
        *best = (fl_best){box, changed};
}

/* All largest rectangles of matching cells whose last row is `row`: `heights` is how far each column matches upwards. A
 * stack holds columns of growing height, each with where a rectangle of its height begins. */
static void weigh_row(const fl_search *s, int left, int right, int row, const int *heights, fl_best *best)
{
    struct {
        int from, height;
    } stack[FL_MAX_SIDE / FL_TILE + 1];
    int depth = 0;
    for (int column = left; column <= right; column++) {
        const int height = column < right ? heights[column] : 0;
        int from = column;
        while (depth && stack[depth - 1].height >= height) {
            depth--;
            from = stack[depth].from;
            if (stack[depth].height > height)
                weigh(s, (fl_cell_box){from, column, row + 1 - stack[depth].height, row + 1}, best);
        }
        stack[depth].from = from;
        stack[depth++].height = height;
    }
}

static fl_best best_rectangle(fl_search *s)
{
    const fl_cell_box box = cell_box(s);
    int heights[FL_MAX_SIDE / FL_TILE] = {0};
    fl_best best = {.changed = 0};
    sum_cells(s);
    for (int row = box.top; row < box.bottom; row++) {
        for (int column = box.left; column < box.right; column++)
            heights[column] = *cell_at(s, column, row) & FL_CELL_MATCHES ? heights[column] + 1 : 0;
        weigh_row(s, box.left, box.right, row, heights, &best);
    }
    return best;
}

static void take_cells(fl_search *s, fl_cell_box cells)
{
    const fl_cell_box box = cell_box(s);
    for (int row = fl_max(box.top, cells.top); row < fl_min(box.bottom, cells.bottom); row++) {
        for (int column = fl_max(box.left, cells.left); column < fl_min(box.right, cells.right); column++)
            *cell_at(s, column, row) = FL_CELL_TAKEN;
    }
}

static fl_cell_box cells_under(const fl_move *m)
{
    return (fl_cell_box){m->x / FL_TILE, (m->x + m->w + FL_TILE - 1) / FL_TILE, m->y / FL_CELL_ROWS,
                         (m->y + m->h + FL_CELL_ROWS - 1) / FL_CELL_ROWS};
}

/* ---- to the pixel ---------------------------------------------------------------------------------------------------- */

static bool overlap(int x, int y, int w, int h, const fl_move *written)
{
    return x < written->x + written->w && written->x < x + w && y < written->y + written->h && written->y < y + h;
}

/* Whether a move may stand beside the others: inside the picture, exact, and where no other writes. */
static bool is_free(const fl_search *s, const fl_move *m, const fl_move *moves, int n)
{
    for (int i = 0; i < n; i++) {
        if (overlap(m->x, m->y, m->w, m->h, moves + i))
            return false;
    }
    return !is_lossy(s, m->x, m->y, m->w, m->h) && !is_lossy(s, m->src_x, m->src_y, m->w, m->h);
}

static void grow(const fl_search *s, fl_move *m, fl_move grown, const fl_move *moves, int n)
{
    if (is_free(s, &grown, moves, n))
        *m = grown;
}

static bool row_matches(const fl_search *s, const fl_move *m, int row)
{
    return is_damaged(s, m->x, m->y + row, m->w, 1) &&
           fl_kernels.span_equal(fl_after_at(s, m->x, m->y + row), fl_before_at(s, m->src_x, m->src_y + row), m->w);
}

static void grow_up(const fl_search *s, fl_move *m, const fl_move *moves, int n)
{
    const int most = fl_min(FL_CELL_ROWS, fl_min(m->y, m->src_y));
    int more = 0;
    while (more < most && row_matches(s, m, -more - 1))
        more++;
    grow(s, m, (fl_move){m->x, m->y - more, m->w, m->h + more, m->src_x, m->src_y - more}, moves, n);
}

static void grow_down(const fl_search *s, fl_move *m, const fl_move *moves, int n)
{
    const int most = fl_min(FL_CELL_ROWS, s->h - m->h - fl_max(m->y, m->src_y));
    int more = 0;
    while (more < most && row_matches(s, m, m->h + more))
        more++;
    grow(s, m, (fl_move){m->x, m->y, m->w, m->h + more, m->src_x, m->src_y}, moves, n);
}

/* How many columns beside a move match in all its rows: from column `from` of it on, to the right or, with step -1, to
 * the left. */
static int matching_columns(const fl_search *s, const fl_move *m, int from, int step, int most)
{
    /* A move begins and ends where tiles do, so no more than one column of them is read. */
    if (most > 0 && !is_damaged(s, m->x + from, m->y, 1, m->h))
        return 0;
    for (int y = 0; y < m->h && most > 0; y++) {
        const uint8_t *after = fl_after_at(s, m->x + from, m->y + y);
        const uint8_t *before = fl_before_at(s, m->src_x + from, m->src_y + y);
        int n = 0;
        while (n < most && fl_load_pixel(after + 4 * step * n) == fl_load_pixel(before + 4 * step * n))
            n++;
        most = n;
    }
    return most;
}

static void grow_left(const fl_search *s, fl_move *m, const fl_move *moves, int n)
{
    const int more = matching_columns(s, m, -1, -1, fl_min(FL_TILE, fl_min(m->x, m->src_x)));
    grow(s, m, (fl_move){m->x - more, m->y, m->w + more, m->h, m->src_x - more, m->src_y}, moves, n);
}

static void grow_right(const fl_search *s, fl_move *m, const fl_move *moves, int n)
{
    const int more = matching_columns(s, m, m->w, 1, fl_min(FL_TILE, s->w - m->w - fl_max(m->x, m->src_x)));
    grow(s, m, (fl_move){m->x, m->y, m->w + more, m->h, m->src_x, m->src_y}, moves, n);
}

static fl_move to_move(const fl_search *s, fl_cell_box box, fl_vector v)
{
    const int x = box.left * FL_TILE, y = box.top * FL_CELL_ROWS;
    return (fl_move){.x = x,
                     .y = y,
                     .w = fl_min(s->w, box.right * FL_TILE) - x,
                     .h = fl_min(s->h, box.bottom * FL_CELL_ROWS) - y,
                     .src_x = x + v.dx,
                     .src_y = y + v.dy};
}

int fl_match_vector(fl_search *s, fl_vector vector, fl_move *moves, int n, int max)
{
    const int first = n;
    match_cells(s, vector);
    while (n < max) {
        const fl_best best = best_rectangle(s);
        if (best.changed < MIN_CHANGED)
            break;
        take_cells(s, best.box);
        const fl_move move = to_move(s, best.box, vector);
        if (is_free(s, &move, moves, n))
            moves[n++] = move;
    }
    for (int i = first; i < n; i++) {
        /* The last place holds the move that grows, so that it is held against the others alone. */
        const fl_move last = moves[n - 1];
        fl_move grown = moves[i];
        moves[i] = last;
        grow_up(s, &grown, moves, n - 1);
        grow_down(s, &grown, moves, n - 1);
        grow_left(s, &grown, moves, n - 1);
        grow_right(s, &grown, moves, n - 1);
        moves[n - 1] = last;
        moves[i] = grown;
        take_cells(s, cells_under(&grown));
    }
    return n;
}
