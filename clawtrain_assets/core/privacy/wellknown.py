"""Names and addresses that say nothing about anybody: they stay."""

import re

from clawtrain_assets.core.privacy.wordlists import words

_USERS = frozenset(
    words(
        "user users username root admin administrator ubuntu debian centos fedora ec2-user "
        "azureuser node runner vscode app apps www-data nobody guest git postgres mysql redis "
        "nginx daemon bin sys sync games man mail news proxy backup list docker default public "
        "shared all you me myuser name yourname your-name your_user youruser youruser someone "
        "somebody test tester testuser dev developer deploy deployer jenkins circleci travis "
        "linuxbrew homebrew coder gitpod sandbox agent claude openclaw assistant oauth2 "
        "x-access-token x-token-auth token api apikey worker service svc sa staff wheel sudo "
        "nogroup systemd systemd-network messagebus sshd syslog demo example foo bar alice bob "
        "runneradmin localuser owner host hostname home work project projects vagrant pi operator "
        "http https ftp ssh anonymous postmaster webmaster noreply no-reply support info hello "
        "contact help "
        # Accounts that servers and appliances come with, and those that are tried at every door.
        "oracle tomcat ftpuser hadoop elastic elasticsearch grafana prometheus kafka rabbitmq "
        "mongodb wordpress nextcloud gitea gitlab minecraft plex jellyfin steam ubnt cisco "
        "asterisk zabbix nagios hass homeassistant mqtt zigbee2mqtt frigate mosquitto odoo "
        "paperless keycloak vault consul etcd telegraf influxdb solr spark zookeeper munin "
        "crm erp wiki blog shop shopware drupal joomla typo3 moodle sap postgresql mariadb "
        "sonarqube nexus teamcity ansible puppet terraform netdata unifi synology"
    )
)

# Numbered roles, service accounts, what documentation writes, and this scrubber's own stand-ins.
_ROLES = re.compile(
    r"(?:user|runner|worker|node|agent)[-_]?\d+|user-[0-9a-f]{6,}|runner(?:admin|[-_]\w+)|svc_\w+|"
    r"your[-_]?(?:user|name|username|account|login|home|org|company|team|email|id|handle)"
)


def is_standard_user(name: str) -> bool:
    """A role or vendor account, a documentation name, or a variable."""
    low = name.lower()
    return low in _USERS or not name or name[0] in "$<{%[*" or _ROLES.fullmatch(low) is not None
