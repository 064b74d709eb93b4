"""Covers the adapter to InfluxDB and the queries of status, on the real InfluxDB.

One server for the whole module; each test has organization-wide names of its own. Leaves out
the local target, which has its own tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration import small
from tests.integration.servers import InfluxServer, influxd
from tigctl.backends.errors import Refused, Unreachable
from tigctl.backends.influxdb import Influx
from tigctl.plan.readings import arrivals, read
from tigctl.render.bundle import Bucket, Bundle
from tigctl.targets.interface import Access

pytestmark = pytest.mark.real

HOUR = 3600


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with influxd(tmp_path_factory.mktemp("influxdb")) as running:
        yield running


@pytest.fixture
def influx(server: InfluxServer) -> Iterator[Influx]:
    with Influx(server.url, server.organization, server.token) as made:
        yield made


def bucket(influx: Influx, name: str, retention: int = 0) -> str:
    return influx.create_bucket(str(influx.organization_id()), name, retention).id


# Set-up


def test_the_first_set_up_honours_our_own_token(tmp_path: Path) -> None:
    with (
        influxd(tmp_path, set_up=False) as fresh,
        Influx(fresh.url, "globex", "a-token-of-our-own") as made,
    ):
        assert made.healthy()
        assert not made.is_set_up()
        with pytest.raises(ValueError, match="below 3600"):
            made.set_up(username="admin", password="password1", bucket="raw", retention=60)
        assert not made.is_set_up(), "a set-up that cannot go well must not be begun"
        made.set_up(username="admin", password="password1", bucket="raw", retention=HOUR)
        assert made.is_set_up()
        assert made.accepts_token()
        assert [(one.name, one.retention) for one in made.buckets()] == [("raw", HOUR)]
        with pytest.raises(Refused, match="422"):
            made.set_up(username="admin", password="password1", bucket="raw", retention=HOUR)


def test_retention_can_be_changed_both_ways(influx: Influx) -> None:
    bucket(influx, "changing", 30 * 24 * HOUR)
    for retention in (HOUR, 730 * 24 * HOUR, 2 * 24 * HOUR):
        (found,) = [one for one in influx.buckets() if one.name == "changing"]
        influx.set_retention(found, retention)
        (found,) = [one for one in influx.buckets() if one.name == "changing"]
        assert found.retention == retention


def test_all_buckets_are_seen_however_many(influx: Influx) -> None:
    names = [f"many-{number:03}" for number in range(120)]
    for name in names:
        bucket(influx, name)
    assert [one.name for one in influx.buckets() if one.name.startswith("many-")] == names


# Tokens


def test_a_writer_only_writes_and_a_reader_only_reads(influx: Influx, server: InfluxServer) -> None:
    mine, other = bucket(influx, "mine"), bucket(influx, "other")
    organization = str(influx.organization_id())
    writer = influx.create_authorization(organization, "writer", read=(), write=(mine,)).token
    reader = influx.create_authorization(organization, "reader", read=(mine,), write=()).token
    line = f"ping,device=a result_code=0i {time.time_ns()}"

    assert server.write(line, bucket="mine", token=writer) == 204
    assert server.write(line, bucket="mine", token=reader) == 403
    assert server.write(line, bucket="other", token=writer) in {403, 404}
    with Influx(server.url, server.organization, reader) as asked:
        assert asked.accepts_token()
        assert [row["device"] for row in asked.query(_all("mine"))] == ["a"]
        with pytest.raises(Refused, match="404"):
            asked.query(_all("other"))
    with Influx(server.url, server.organization, writer) as asked:
        assert asked.accepts_token()
        with pytest.raises(Refused):
            asked.query(_all("mine"))
    found = {one.description: one for one in influx.authorizations()}
    assert found["writer"].write == {mine}
    assert not found["writer"].read
    assert found["reader"].read == {mine}
    assert not found["reader"].others
    assert found["admin's Token"].others
    assert other not in found["reader"].read


def test_a_deleted_token_is_not_accepted_and_deleting_twice_is_fine(
    influx: Influx, server: InfluxServer
) -> None:
    id_ = bucket(influx, "deleting")
    token = influx.create_authorization(
        str(influx.organization_id()), "to delete", read=(id_,), write=()
    ).token
    (found,) = [one for one in influx.authorizations() if one.description == "to delete"]
    influx.delete_authorization(found.id)
    influx.delete_authorization(found.id)
    with Influx(server.url, server.organization, token) as asked:
        assert not asked.accepts_token()


# Errors


def _all(name: str) -> str:
    return f'from(bucket: "{name}") |> range(start: -1h)'


@pytest.mark.parametrize(
    ("flux", "says"),
    [
        ('from(bucket: "nowhere") |> range(start: -1h)', "could not find bucket"),
        ("from(bucket:", "compilation failed"),
        ('import "array"\narray.from(rows: [{a: 1}]) |> map(fn: (r) => ({b: r.a / 0}))', "zero"),
    ],
)
def test_refusals_say_what_influxdb_said(influx: Influx, flux: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as error:
        influx.query(flux)
    assert error.value.status in {400, 404}


def test_no_error_shows_a_token(server: InfluxServer) -> None:
    with Influx(server.url, server.organization, "a-wrong-and-secret-token") as asked:
        assert not asked.accepts_token()
        for call in (asked.buckets, asked.authorizations, lambda: asked.query(_all("raw"))):
            with pytest.raises(Refused, match="401") as error:
                call()
            assert "secret-token" not in str(error.value)
            assert error.value.__cause__ is None


def test_nobody_there() -> None:
    with Influx("http://127.0.0.1:9", "acme", "token") as asked:
        assert not asked.healthy()
        with pytest.raises(Unreachable, match="does not answer") as error:
            asked.buckets()
        assert error.value.hint


# The queries of status and verify


@pytest.fixture
def access(server: InfluxServer) -> Access:
    return Access(server.url, server.organization, server.token)


def _bundle(influx: Influx, name: str, *names: str) -> Bundle:
    bucket(influx, name)
    devices = tuple(
        replace(small.summary(device, interval=60), expects=("ping", "system", "interface"))
        for device in names
    )
    return small.bundle(devices=devices, buckets=(Bucket(name, HOUR),))


def _ago(seconds: float) -> int:
    return time.time_ns() - int(seconds * 1e9)


def test_everything_the_table_shows(influx: Influx, server: InfluxServer, access: Access) -> None:
    bundle = _bundle(influx, "table", "sw1", "old")
    now = _ago(5)
    ports = (
        f"interface,device=sw1,ifName=e{number} "
        f"ifOperStatus={1 if number < 3 else 2}i,ifType={kind}i {now}"
        for number, kind in enumerate((6, 6, 6, 6, 24, 53, 117))
    )
    lines = [
        f"ping,device=sw1 average_response_ms=0.25,packets_received=4i,result_code=0i {now}",
        f"ping,device=old average_response_ms=9.5,packets_received=4i,result_code=0i {_ago(2000)}",
        f"ping,device=old packets_received=0i,percent_packet_loss=100,result_code=0i {now}",
        f'system,device=sw1 uptime_seconds=1,sysName="sw1",sysObjectID="1.3" {now}',
        f"system,device=old uptime_seconds=1 {_ago(3 * 86_400)}",
        f"cpu,device=sw1,cpu=0 usage_percent=10 {now}",
        f"cpu,device=sw1,cpu=1 usage_percent=20 {now}",
        f"memory,device=sw1,pool=main used_percent=41,total_bytes=100,used_bytes=41 {now}",
        f"memory,device=sw1,pool=Swap used_percent=1,total_bytes=900,used_bytes=9 {now}",
        f"temperature,device=sw1,sensor=a celsius=31 {now}",
        f"temperature,device=sw1,sensor=b celsius=38 {now}",
        f"tcp,device=sw1,port=443 result_code=0i,response_ms=1 {now}",
        f"tcp,device=sw1,port=80 result_code=1i {now}",
        *ports,
        f"collector,input=internal errors=0 {now}",
        f"collector,device=old,input=snmp errors=1 {now}",
    ]
    assert server.write("\n".join(lines), bucket="table") == 204
    found = read(bundle, access)
    sw1, old = found["sw1"], found["old"]
    at = datetime.fromtimestamp(now / 1e9, UTC)
    assert abs((sw1.snmp_at or at) - at).total_seconds() < 0.001
    assert sw1.ping_ms == 0.25
    assert (sw1.cpu_percent, sw1.memory_percent, sw1.temperature_celsius) == (15.0, 41.0, 38.0)
    assert (sw1.ports_up, sw1.ports) == (3, 5)
    assert sw1.tcp_answered_at == sw1.tcp_at
    # Telegraf's own counters about a device are no sign that the device lives.
    assert (datetime.now(UTC) - (old.snmp_at or at)).days == 3
    assert old.ping_at
    assert old.ping_answered_at
    assert old.ping_at > old.ping_answered_at


def test_arrivals_name_each_device_and_measurement(
    influx: Influx, server: InfluxServer, access: Access
) -> None:
    bundle = _bundle(influx, "arrivals", "sw1", "sw2")
    lines = [
        f"ping,device=sw1,site=a average_response_ms=1,result_code=0i {_ago(100)}",
        f"ping,device=sw1,site=b average_response_ms=1,result_code=0i {_ago(10)}",
        f'system,device=sw1 uptime_seconds=1,sysName="x" {_ago(10)}',
        f"interface,device=sw2,ifName=a ifOperStatus=1i,ifIndex=1i {_ago(10)}",
    ]
    assert server.write("\n".join(lines), bucket="arrivals") == 204
    found = arrivals(bundle, access, ["ping", "system", "interface", "cpu"])
    assert set(found) == {("sw1", "ping"), ("sw1", "system"), ("sw2", "interface")}
    assert (datetime.now(UTC) - found["sw1", "ping"]).total_seconds() < 60


def test_an_empty_bucket_has_no_readings(influx: Influx, access: Access) -> None:
    bundle = _bundle(influx, "empty", "sw1")
    assert read(bundle, access) == {}
    assert arrivals(bundle, access, ["ping"]) == {}
