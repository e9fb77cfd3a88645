/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of UCI's dhcp package (OpenWrt's /etc/config/dhcp) with its uncommitted changes. It
 * reads by libuci (libuci.h) where the program was built with it, else by its own reader
 * (reader.h). Both add what uci_names.h describes.
 */
#ifndef MZ_NAMES_UCI_UCI_H
#define MZ_NAMES_UCI_UCI_H

#include "names/parser.h"

source_parser uci_parse;

#endif
