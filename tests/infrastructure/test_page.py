"""The page behind CloudFront, and the name for the WebSocket URL."""

import re
from typing import Any

import pytest


@pytest.fixture
def distribution(page: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the distribution."""
    return dict(page["Resources"]["Distribution"]["Properties"]["DistributionConfig"])


def test_page_is_served_where_the_deploy_asks_for_it(master: dict[str, Any]) -> None:
    """CloudFront takes minutes to deploy, and the local stack serves the page anyway."""
    assert master["Parameters"]["Page"]["Default"] == "no"
    assert master["Resources"]["ChatPage"]["Condition"] == "ServesPage"


def test_bucket_is_private_and_encrypted(page: dict[str, Any]) -> None:
    """No bucket policy can make it public."""
    bucket = page["Resources"]["PageBucket"]["Properties"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]


def test_this_distribution_alone_reads_the_bucket(page: dict[str, Any], distribution: dict[str, Any]) -> None:
    """CloudFront signs requests for every account's distributions; the ARN identifies this one."""
    allow, deny = page["Resources"]["PageBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert (allow["Effect"], allow["Action"]) == ("Allow", "s3:GetObject")
    assert allow["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allow["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"].endswith(":distribution/${Distribution}")
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (origin,) = distribution["Origins"]
    assert origin["OriginAccessControlId"] == {"Ref": "OriginAccess"}


def test_page_talks_to_the_chat_and_to_nobody_else(page: dict[str, Any]) -> None:
    """The content security policy enforces it in the browser; the local page has a similar one."""
    headers = page["Resources"]["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    policy = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]

    assert dict(directive.strip().split(" ", 1) for directive in policy.split(";")) == {
        "default-src": "'self'",
        "connect-src": "'self' ${SocketUrl}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert all(header["Override"] for header in headers.values())


def test_page_comes_over_tls_and_starts_with_its_index(distribution: dict[str, Any]) -> None:
    """The cache policy is AWS's managed one, by its id."""
    behaviour = distribution["DefaultCacheBehavior"]

    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "Headers"}
    assert behaviour["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert distribution["DefaultRootObject"] == "index.html"


def test_names_that_the_account_shares_carry_stack_and_region(page: dict[str, Any]) -> None:
    """CloudFront's names are global, and a stack may exist in several regions."""
    configurations = [
        page["Resources"]["OriginAccess"]["Properties"]["OriginAccessControlConfig"],
        page["Resources"]["Headers"]["Properties"]["ResponseHeadersPolicyConfig"],
    ]
    assert [each["Name"] for each in configurations] == [{"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}] * 2


def test_name_leads_to_the_stage_over_tls_of_today(domain: dict[str, Any]) -> None:
    """The URL needs no stage."""
    mapping = domain["Resources"]["Mapping"]["Properties"]
    (configuration,) = domain["Resources"]["Domain"]["Properties"]["DomainNameConfigurations"]

    assert (mapping["ApiId"], mapping["Stage"]) == ({"Ref": "ApiId"}, {"Ref": "StageName"})
    assert "ApiMappingKey" not in mapping
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert domain["Outputs"]["WebSocketUrl"]["Value"] == {"Fn::Sub": "wss://${Domain}"}


def test_name_is_written_into_a_zone_where_one_is_given(domain: dict[str, Any]) -> None:
    """The zone may be managed elsewhere."""
    record = domain["Resources"]["Record"]

    assert record["Condition"] == "HasZone"
    assert record["Properties"]["AliasTarget"]["DNSName"] == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("", True), ("chat.example.com", True), ("wss://chat.example.com", False), ("chat", False), ("Chat.x.org", False)],
)
def test_only_a_name_is_taken_for_a_name(master: dict[str, Any], name: str, is_taken: bool) -> None:
    """A name needs a certificate; CloudFormation checks that before it creates anything."""
    assert bool(re.fullmatch(master["Parameters"]["DomainName"]["AllowedPattern"], name)) == is_taken
    assert master["Rules"]["DomainHasCertificate"]["Assertions"][0]["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]
    }
