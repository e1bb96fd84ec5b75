/* From keysyms to keycodes and the Shift they need. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keymap.h"

#define NUM_LOCK 0xff7f
#define MAX_WIDTH 16

static xcb_keysym_t keysym_at(const fl_keymap *map, int keycode, int column)
{
    const xcb_keysym_t *table = xcb_get_keyboard_mapping_keysyms(map->table);

    return column < map->width ? table[(keycode - map->min) * map->width + column] : 0;
}

/* Shift, Lock, Control and Mod1 to Mod5 have `keycodes_per_modifier` keycodes each, in this order. */
static int load_modifiers(fl_keymap *map, xcb_connection_t *c)
{
    xcb_get_modifier_mapping_reply_t *reply =
        xcb_get_modifier_mapping_reply(c, xcb_get_modifier_mapping(c), NULL);
    const xcb_keycode_t *codes;
    int per;

    if (!reply)
        return -EPIPE;
    codes = xcb_get_modifier_mapping_keycodes(reply);
    per = reply->keycodes_per_modifier;
    map->n_shifts = 0;
    map->num_lock = 0;
    for (int i = 0; i < 8 * per; i++) {
        if (codes[i] < map->min || codes[i] > map->max)
            continue;
        if (i < per && map->n_shifts < (int)sizeof map->shifts)
            map->shifts[map->n_shifts++] = codes[i];
        if (keysym_at(map, codes[i], 0) == NUM_LOCK)
            map->num_lock = (uint16_t)(1 << i / per);
    }
    free(reply);
    return 0;
}

/* Another client may have given a keycode of ours a new meaning: then it is no longer ours to take back. */
static void forget_overwritten(fl_keymap *map)
{
    for (int code = map->min; code <= map->max; code++)
        if (map->lent[code] && keysym_at(map, code, 0) != map->lent[code])
            map->lent[code] = 0;
}

int fl_keymap_load(fl_keymap *map, xcb_connection_t *c)
{
    const xcb_setup_t *setup = xcb_get_setup(c);
    xcb_get_keyboard_mapping_cookie_t cookie;
    xcb_get_keyboard_mapping_reply_t *reply;

    map->min = setup->min_keycode;
    map->max = setup->max_keycode;
    cookie = xcb_get_keyboard_mapping(c, setup->min_keycode, (uint8_t)(map->max - map->min + 1));
    reply = xcb_get_keyboard_mapping_reply(c, cookie, NULL);
    if (!reply)
        return -EPIPE;
    free(map->table);
    map->table = reply;
    map->width = reply->keysyms_per_keycode;
    forget_overwritten(map);
    return load_modifiers(map, c);
}

/* Keys that mean one thing with and without Shift, or whose second meaning other modifiers give: Shift is passed on
 * as the person holds it. */
static bool is_function(xcb_keysym_t keysym)
{
    return (keysym >= 0xfd00 && keysym <= 0xffff) || keysym >= 0x10000000;
}

static bool is_keypad(xcb_keysym_t keysym)
{
    return keysym >= 0xff80 && keysym <= 0xffbd;
}

/* Letters of Latin-1, which Lock shifts. */
static bool is_letter(xcb_keysym_t lower, xcb_keysym_t upper)
{
    bool ascii = lower >= 'a' && lower <= 'z', latin = lower >= 0xe0 && lower <= 0xfe && lower != 0xf7;

    return (ascii || latin) && upper == lower - 0x20;
}

/* Whether Shift must be down for level 0 or 1 of a key, with what Lock and Num_Lock do to it already. */
static int shift_for(const fl_keymap *map, int level, xcb_keysym_t plain, xcb_keysym_t shifted, uint16_t state)
{
    bool inverted = false;

    if (!shifted || shifted == plain)
        return FL_SHIFT_ANY;
    if (is_keypad(plain) || is_keypad(shifted))
        inverted = (state & map->num_lock) != 0;
    else if (is_function(plain) || is_function(shifted))
        return FL_SHIFT_ANY;
    else if (is_letter(plain, shifted))
        inverted = (state & XCB_MOD_MASK_LOCK) != 0;
    return (level == 1) != inverted;
}

bool fl_keymap_find(const fl_keymap *map, xcb_keysym_t keysym, uint16_t state, fl_stroke *stroke)
{
    int group = state >> 13 & 3, down = (state & XCB_MOD_MASK_SHIFT) != 0;
    bool found = false;

    /* The core mapping has columns for two groups; keys of a third are typed with spare keycodes. */
    if (group > 1)
        return false;
    for (int code = map->min; code <= map->max; code++) {
        xcb_keysym_t plain = keysym_at(map, code, group * 2), shifted = keysym_at(map, code, group * 2 + 1);
        int level = keysym == plain ? 0 : keysym == shifted ? 1 : -1, shift;

        if (level < 0)
            continue;
        shift = shift_for(map, level, plain, shifted, state);
        if (shift == FL_SHIFT_ANY || shift == down) {
            *stroke = (fl_stroke){(xcb_keycode_t)code, FL_SHIFT_ANY};
            return true;
        }
        if (!found)
            *stroke = (fl_stroke){(xcb_keycode_t)code, shift};
        found = true;
    }
    return found;
}

static bool is_free(const fl_keymap *map, int code)
{
    for (int column = 0; column < map->width; column++)
        if (keysym_at(map, code, column))
            return false;
    return true;
}

/* A free keycode, else the one of ours that has rested longest: a client looks a key up only when it handles it, so a
 * keycode keeps its meaning as long as it can. */
static int choose_spare(const fl_keymap *map, const xcb_keysym_t *held)
{
    int oldest = -ENOSPC;

    for (int code = map->max; code >= map->min; code--) {
        if (held[code])
            continue;
        if (is_free(map, code))
            return code;
        if (map->lent[code] && (oldest < 0 || map->used[code] < map->used[oldest]))
            oldest = code;
    }
    return oldest;
}

/* All columns alike, so that no modifier and no group turns the key into another. */
static void fill(const fl_keymap *map, xcb_connection_t *c, int code, xcb_keysym_t keysym)
{
    xcb_keysym_t row[MAX_WIDTH];
    int width = map->width < MAX_WIDTH ? map->width : MAX_WIDTH;

    for (int i = 0; i < width; i++)
        row[i] = keysym;
    xcb_change_keyboard_mapping(c, 1, (xcb_keycode_t)code, (uint8_t)width, row);
}

int fl_keymap_lend(fl_keymap *map, xcb_connection_t *c, xcb_keysym_t keysym, const xcb_keysym_t *held)
{
    int code = choose_spare(map, held);

    if (code < 0)
        return code;
    fill(map, c, code, keysym);
    map->lent[code] = keysym;
    map->used[code] = ++map->clock;
    return fl_keymap_load(map, c) < 0 ? -EPIPE : code;
}

void fl_keymap_close(fl_keymap *map, xcb_connection_t *c)
{
    for (int code = 0; map->table && code < 256; code++)
        if (map->lent[code])
            fill(map, c, code, 0);
    free(map->table);
    map->table = NULL;
}
