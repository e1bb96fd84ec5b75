/* Moves that can be applied one after the other. */
#include "moves.h"

static bool reads_what_writes(const fl_move *reader, const fl_move *writer)
{
    return reader->src_x < writer->x + writer->w && writer->x < reader->src_x + reader->w &&
           reader->src_y < writer->y + writer->h && writer->y < reader->src_y + reader->h;
}

/* The first move whose writing no other one still has to read, or -1. */
static int next_in_order(const fl_move *moves, int n)
{
    for (int i = 0; i < n; i++) {
        bool free_to_go = true;
        for (int j = 0; j < n && free_to_go; j++)
            free_to_go = j == i || !reads_what_writes(moves + j, moves + i);
        if (free_to_go)
            return i;
    }
    return -1;
}

static int smallest(const fl_move *moves, int n)
{
    int least = 0;
    for (int i = 1; i < n; i++) {
        if ((int64_t)moves[i].w * moves[i].h < (int64_t)moves[least].w * moves[least].h)
            least = i;
    }
    return least;
}

int fl_order_moves(fl_move *moves, int n)
{
    fl_move left[FL_MAX_MOVES];
    int ordered = 0;
    memcpy(left, moves, (size_t)n * sizeof *moves);
    while (n > 0) {
        int next = next_in_order(left, n);
        /* In a circle each reads what another writes: the one that saves least is given up. */
        if (next < 0)
            next = smallest(left, n);
        else
            moves[ordered++] = left[next];
        left[next] = left[--n];
    }
    return ordered;
}
