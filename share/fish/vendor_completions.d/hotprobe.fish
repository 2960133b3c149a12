# SPDX-License-Identifier: Apache-2.0
# Completion of hotprobe for fish. What there is to complete hotprobe itself tells: see cli/complete.h.

function __hotprobe_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] $current 2>/dev/null)
        switch $line
            case ':files*'
                set -l suffixes (string split -n ' ' (string sub -s 7 -- $line))
                set -l value (string replace -r '^--[^=]*=' '' -- $current)
                set -l prefix (string sub -l (math (string length -- $current) - (string length -- $value)) -- $current)
                for path in $value*
                    if test -d $path
                        echo $prefix$path/
                    else if test (count $suffixes) = 0
                        echo $prefix$path
                    else
                        for suffix in $suffixes
                            string match -q -- "*$suffix" $path; and echo $prefix$path
                        end
                    end
                end
            case ':dirs'
                __fish_complete_directories $current ''
            case ':command *'
                set -l first (string sub -s 10 -- $line)
                set -e words[1..$first]
                if set -q words[1]
                    set -l before (string escape -- $words)
                    complete -C "$before $current"
                else
                    complete -C "$current"
                end
            case ':*'
            case '*'
                echo $line
        end
    end
end

complete -c hotprobe -f -a '(__hotprobe_complete)'
