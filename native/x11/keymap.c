/* From keysyms to keycodes and the Shift they need. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keymap.h"

#define NUM_LOCK 0xff7f
#define MAX_WIDTH 16
#define NO_WAY (-2)

static xcb_keysym_t keysym_at(const fl_keymap *map, int keycode, int column)
{
    const xcb_keysym_t *table = xcb_get_keyboard_mapping_keysyms(map->table);

    return column < map->width ? table[(keycode - map->min) * map->width + column] : 0;
}

/* Shift, Lock, Control and Mod1 to Mod5 have `keycodes_per_modifier` keycodes each, in this order. */
static int load_modifiers(fl_keymap *map, xcb_connection_t *c)
{
    xcb_get_modifier_mapping_reply_t *reply = xcb_get_modifier_mapping_reply(c, xcb_get_modifier_mapping(c), NULL);
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
        if (map->lent[code] && keysym_at(map, code, 0) != map->lent[code] && keysym_at(map, code, 1) != map->lent[code])
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

/* Two cases of a Latin-1 letter, between which Lock chooses as Shift does. */
static bool is_letter(xcb_keysym_t lower, xcb_keysym_t upper)
{
    bool ascii = lower >= 'a' && lower <= 'z', latin = lower >= 0xe0 && lower <= 0xfe && lower != 0xf7;

    return (ascii || latin) && upper == lower - 0x20;
}

/* What Shift must be for level 0 or 1 of a key, or NO_WAY. What Num_Lock does to the keypad, Shift undoes under some
 * types of key and not under others, so it is left alone there. */
static int shift_for(const fl_keymap *map, int level, xcb_keysym_t plain, xcb_keysym_t shifted, uint16_t state)
{
    if (!shifted || shifted == plain)
        return FL_SHIFT_ANY;
    if (is_keypad(plain) && is_keypad(shifted))
        return level == ((state & map->num_lock) != 0) ? FL_SHIFT_ANY : NO_WAY;
    if (is_function(plain) || is_function(shifted))
        return FL_SHIFT_ANY;
    if (is_letter(plain, shifted) && state & XCB_MOD_MASK_LOCK)
        return level == 0;
    return level == 1;
}

/* The best key for `keysym`: one that needs no change of Shift before one that does. 0 where there is none. */
static int find_key(const fl_keymap *map, xcb_keysym_t keysym, uint16_t state, int *shift)
{
    int group = state >> 13 & 3, down = (state & XCB_MOD_MASK_SHIFT) != 0, best = 0;
    /* The core mapping has columns for two groups; what we lend means the same in all. */
    int column = group < 2 ? group * 2 : 0;

    for (int code = map->min; code <= map->max; code++) {
        xcb_keysym_t plain = keysym_at(map, code, column), shifted = keysym_at(map, code, column + 1);
        int wanted;

        if ((keysym != plain && keysym != shifted) || (group > 1 && !map->lent[code]))
            continue;
        wanted = shift_for(map, keysym == plain ? 0 : 1, plain, shifted, state);
        if (wanted == FL_SHIFT_ANY || wanted == down) {
            *shift = FL_SHIFT_ANY;
            return code;
        }
        if (!best && wanted != NO_WAY) {
            *shift = wanted;
            best = code;
        }
    }
    return best;
}

bool fl_keymap_find(fl_keymap *map, xcb_keysym_t keysym, uint16_t state, fl_stroke *stroke)
{
    int shift = FL_SHIFT_ANY, code = find_key(map, keysym, state, &shift);

    if (!code)
        return false;
    map->used[code] = ++map->clock;
    *stroke = (fl_stroke){(xcb_keycode_t)code, shift};
    return true;
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

/* Columns alike, so that no modifier and no group turns the key into another; but for a letter both its cases, since
 * a client shifts by itself what Lock leaves alone. */
static void fill(const fl_keymap *map, xcb_connection_t *c, int code, xcb_keysym_t keysym)
{
    xcb_keysym_t row[MAX_WIDTH], lower = keysym, upper = keysym;
    int width = map->width < MAX_WIDTH ? map->width : MAX_WIDTH;

    if (is_letter(keysym, keysym - 0x20))
        upper = keysym - 0x20;
    else if (is_letter(keysym + 0x20, keysym))
        lower = keysym + 0x20;
    for (int i = 0; i < width; i++)
        row[i] = i % 2 ? upper : lower;
    xcb_change_keyboard_mapping(c, 1, (xcb_keycode_t)code, (uint8_t)width, row);
}

int fl_keymap_lend(fl_keymap *map, xcb_connection_t *c, xcb_keysym_t keysym, const xcb_keysym_t *held)
{
    int code = choose_spare(map, held);

    if (code < 0)
        return code;
    fill(map, c, code, keysym);
    map->lent[code] = keysym;
    return fl_keymap_load(map, c);
}

void fl_keymap_close(fl_keymap *map, xcb_connection_t *c)
{
    for (int code = 0; map->table && code < 256; code++)
        if (map->lent[code])
            fill(map, c, code, 0);
    free(map->table);
    map->table = NULL;
}
