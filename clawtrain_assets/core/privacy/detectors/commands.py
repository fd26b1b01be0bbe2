"""Passwords given to programs: as options, through a pipe, typed at a prompt.

Source of each: the manual of the named command.
"""

import re

from clawtrain_assets.core.privacy.wordlists import phrases

# (words one of which is on the line, pattern, kind, name); a pattern's ``user`` is an account.
Rule = tuple[tuple[str, ...], re.Pattern[str], str, str]

_USER = re.compile(
    r"(?:\s-[ua]|--(?:proxy-)?user|--auth|--creds)[ =]*['\"]?"
    r"(?:(?P<user>[^\s:'\"]*):['\"]?(?P<secret>(?!\d+['\"\s])[^\s'\"]+)|"
    r"(?P<alone>[^\s:'\"]{8,}):(?=['\"\s]))"  # a key as the account, without a password
)
_MYSQL = re.compile(
    r"\b(?:mysql\w*|mariadb\w*)\b[^\n|]*?(?:\s-p|\spassword\s+)"
    r"(?P<secret>[^\s'\"]+|'[^']+'|\"[^\"]+\")"
)
_WORD = r"(?:'[^'\n]+'|\"[^\"\n]+\"|\S+)"
_OPTION = re.compile(
    r"\b(?:sshpass\s+(?:-\w\s+)?-p|redis-cli\b[^\n|]*?\s-a|"
    r"(?:docker|podman|helm|nerdctl|az)\s+(?:\w+\s+)?login\b[^\n|]*?\s-p|vault\s+login|"
    r"mosquitto_\w+\b[^\n|]*?\s-P|ldap\w+\b[^\n|]*?\s-w|mongo\w*\b[^\n|]*?\s-p|"
    r"openssl\b[^\n|]*?(?:pass:|\s-[kK]\s)|gpg2?\b[^\n|]*?--passphrase|"
    r"htpasswd\s+-\w*b\w*\s+\S+\s+\S+|kinit\b[^\n|]*?--password=|"
    r"(?:un)?zip\b[^\n|]*?\s-P|7z[ar]?\b[^\n|]*?\s-p|(?:un)?rar\b[^\n|]*?\s-(?:hp|p)|"
    rf"net\s+use\b[^\n|]*?/user:\S+|net\s+user\s+{_WORD}\s+(?!/)|cmdkey\b[^\n|]*?/pass:|"
    r"snmp\w+\b[^\n|]*?\s-[AX]|smbclient\b[^\n|]*?-U\s*\S+?%|psexec\w*\b[^\n|]*?\s-p|"
    r"lftp\b[^\n|]*?\s-u\s+[^\s,]+,|(?:sqlcmd|ipmitool)\b[^\n|]*?\s-P|"
    r"sqlplus\s+(?:-\w+\s+)*[\w$.]+/|(?:xfreerdp|wfreerdp)\b[^\n|]*?\s/p:|"
    r"rdesktop\b[^\n|]*?\s-p|(?:keytool|jarsigner)\b[^\n|]*?\s-(?:store|key)pass|"
    rf"wpa_passphrase\s+{_WORD}\s|nmcli\b[^\n|]*?\spassword|rclone\s+obscure|"
    r"expect\s+.*send)[ \t=]*['\"]?(?P<secret>[^\s'\"]+)"
)
_READS_STDIN = (
    r"(?:--password-stdin|--with-token|--stdin\b|\bchpasswd\b|--passphrase-fd|--key-file[ =]-|"
    r"\bsudo[ \t]+(?:-\w+[ \t]+)*?-\w*S\b)"
)
_GIVEN = r"(?P<secret>'[^'\n]+'|\"[^\"\n]+\"|[^\s'\"|;&]+)"
_PIPED = re.compile(
    r"\b(?:echo|printf)(?:[ \t]+-[neE]+)*(?:[ \t]+['\"]?%s(?:\\n)?['\"]?)?[ \t]+"
    rf"{_GIVEN}[ \t]*\|[^|;\n]*?{_READS_STDIN}"
)
_HERE = re.compile(rf"{_READS_STDIN}[^|;\n]*?<<<[ \t]*{_GIVEN}")

RULES: tuple[Rule, ...] = (
    (phrases("curl|wget|http|--user|--creds"), _USER, "PASSWORD", "command/user"),
    (("mysql", "mariadb"), _MYSQL, "PASSWORD", "command/mysql"),
    (
        phrases(
            "sshpass|redis-cli| login|mosquitto_|ldap|mongo|openssl|gpg|htpasswd|kinit|zip |7z|"
            "rar |net use|net user|cmdkey|snmp|smbclient|psexec|lftp|sqlcmd|ipmitool|sqlplus|"
            "freerdp|rdesktop|"
            "keytool|jarsigner|wpa_passphrase|nmcli|rclone|expect"
        ),
        _OPTION,
        "PASSWORD",
        "command/password",
    ),
    (phrases("echo |printf "), _PIPED, "PASSWORD", "command/piped"),
    (("<<<",), _HERE, "PASSWORD", "command/piped"),
)

# expect(1) and its like: what is sent after the prompt for a password.
SENT = re.compile(
    r"expect[^\n]{0,60}?(?:pass(?:word|phrase|wd)?|PIN)\b[^\n]{0,40}\r?\n[^\n]{0,30}?"
    r"send(?:line|_user)?\b[ \t(]*(?:-[\w-]*[ \t]+)*['\"](?P<secret>[^'\"\\\n]{3,})",
    re.I,
)
SENT_WORDS = ("expect",)
