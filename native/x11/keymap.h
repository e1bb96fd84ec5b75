/* The server's keyboard mapping as X core sees it, and the keycodes that we lend to keysyms it lacks. */
#ifndef FL_X11_KEYMAP_H
#define FL_X11_KEYMAP_H

#include <stdbool.h>

#include <xcb/xcb.h>

typedef struct fl_keymap {
    int min, max, width; /* keycodes, and keysyms for each of them */
    xcb_get_keyboard_mapping_reply_t *table;
    uint16_t num_lock; /* the modifier that Num_Lock sets */
    xcb_keycode_t shifts[8];
    int n_shifts;
    xcb_keysym_t lent[256]; /* by keycode: the keysym that we put there, or 0 */
    uint64_t used[256];     /* by keycode: when it was last typed, in turns of `clock` */
    uint64_t clock;
} fl_keymap;

/* A way to type a keysym: `shift` is whether Shift must be up or down, or FL_SHIFT_ANY. */
#define FL_SHIFT_ANY (-1)
typedef struct fl_stroke {
    xcb_keycode_t keycode;
    int shift;
} fl_stroke;

/* Read the mapping; again after every MappingNotify. 0 or -EPIPE. */
int fl_keymap_load(fl_keymap *map, xcb_connection_t *c);

/* Find how to type `keysym` while the modifiers are `state`; false where no key of the present group carries it. */
bool fl_keymap_find(fl_keymap *map, xcb_keysym_t keysym, uint16_t state, fl_stroke *stroke);

/* Give `keysym` a spare keycode, one of ours in turn where none is free; those in `held` (by keycode) are left alone.
 * 0, after which it is found, or -ENOSPC or -EPIPE. */
int fl_keymap_lend(fl_keymap *map, xcb_connection_t *c, xcb_keysym_t keysym, const xcb_keysym_t *held);

/* Take all spare keycodes back and forget the mapping. */
void fl_keymap_close(fl_keymap *map, xcb_connection_t *c);

#endif
