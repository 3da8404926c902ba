#!/bin/sh
# Installs Debian's Chromium, which the browser tests drive, where there is none.
set -eu
[ -x /usr/bin/chromium ] && exit 0
sudo=''
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends chromium
