/* What several tiles of a stream share: a rectangle of one colour, or neighbouring slots of the cache. */
#include "stream_write.h"

static int flush_solid(fl_writer *out)
{
    const fl_rect r = out->solid.rect;
    if (!r.w)
        return 0;
    if (!fl_has_room(out, FL_SOLID_BYTES))
        return -ENOSPC;
    fl_put_u8(out, FL_OP_SOLID);
    fl_put_u16(out, r.x);
    fl_put_u16(out, r.y);
    fl_put_u16(out, r.w);
    fl_put_u16(out, r.h);
    fl_put_colour(out, out->solid.colour);
    out->solid.rect.w = 0;
    return 0;
}

static int flush_slots(fl_writer *out)
{
    const fl_slot_run *r = &out->slots;
    if (!r->tiles)
        return 0;
    if (!fl_has_room(out, FL_SLOTS_BYTES))
        return -ENOSPC;
    fl_put_u8(out, r->op);
    fl_put_u16(out, r->column);
    fl_put_u16(out, r->row);
    fl_put_u8(out, r->tiles - 1);
    fl_put_u16(out, r->slot);
    out->slots.tiles = 0;
    return 0;
}

int fl_flush_spans(fl_writer *out)
{
    const int failure = flush_solid(out);
    return failure ? failure : flush_slots(out);
}

int fl_write_solid(fl_writer *out, const fl_tile *t, uint32_t colour)
{
    fl_rect *r = &out->solid.rect;
    if (r->w && r->y == t->y && r->h == t->h && r->x + r->w == t->x && out->solid.colour == colour) {
        r->w += t->w;
        return 0;
    }
    const int failure = fl_flush_spans(out);
    out->solid = (fl_solid_run){{t->x, t->y, t->w, t->h}, colour};
    return failure;
}

int fl_write_slot(fl_writer *out, int op, const fl_tile *t, int slot)
{
    const int column = t->x / FL_TILE, row = t->y / FL_TILE;
    fl_slot_run *r = &out->slots;
    if (r->tiles && r->tiles < FL_MAX_SPAN && r->op == op && r->row == row && r->column + r->tiles == column &&
        r->slot + r->tiles == slot) {
        r->tiles++;
        return 0;
    }
    const int failure = fl_flush_spans(out);
    out->slots = (fl_slot_run){op, column, row, 1, slot};
    return failure;
}
